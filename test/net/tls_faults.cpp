// TLS with servers that break it off, draw it out, or have a chain of certificates with a flaw.
#include "http/http1_client.hpp"
#include "support/print_errc.hpp"
#include "support/temp_directory.hpp"
#include "support/tls_server.hpp"

#include <boost/test/unit_test.hpp>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using namespace std::string_literals;
using http::http1_client;

namespace {

using extensions = std::vector<std::pair<int, const char*>>;

struct identity {
    std::shared_ptr<EVP_PKEY> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
    std::shared_ptr<X509> certificate{X509_new(), X509_free};
};

const extensions of_authority{{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign"}};
const extensions of_server{{NID_basic_constraints, "CA:FALSE"}, {NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost"}};

// Signed by `issuer`, or by itself.
identity make(const char* name, const extensions& all, const identity* issuer = nullptr, long valid_for = 86'400)
{
    static long serial = 1;
    identity made;
    X509* const c = made.certificate.get();
    const identity& signer = issuer ? *issuer : made;
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), serial++);
    X509_gmtime_adj(X509_getm_notBefore(c), -86'400);
    X509_gmtime_adj(X509_getm_notAfter(c), valid_for);
    X509_set_pubkey(c, made.key.get());
    const auto* text = reinterpret_cast<const unsigned char*>(name);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8, text, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(signer.certificate.get()));
    for (const auto& [id, value] : all) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, signer.certificate.get(), c, nullptr, nullptr, 0);
        X509_EXTENSION* const e = X509V3_EXT_conf_nid(nullptr, &context, id, value);
        BOOST_REQUIRE(e);
        X509_add_ext(c, e, -1);
        X509_EXTENSION_free(e);
    }
    BOOST_REQUIRE(X509_sign(c, signer.key.get(), EVP_sha256()) > 0);
    return made;
}

std::shared_ptr<SSL_CTX> serve(const identity& who, const std::vector<identity>& chain = {})
{
    std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    BOOST_REQUIRE(SSL_CTX_use_certificate(context.get(), who.certificate.get()) == 1);
    BOOST_REQUIRE(SSL_CTX_use_PrivateKey(context.get(), who.key.get()) == 1);
    for (const identity& more : chain) SSL_CTX_add1_chain_cert(context.get(), more.certificate.get());
    return context;
}

struct ender {
    std::atomic<bool>& over;
    ~ender() { over = true; }
};

struct fixture {
    const temp_directory directory;
    const identity root = make("root", of_authority);
    const std::shared_ptr<SSL_CTX> good = serve(make("server", of_server, &root));

    tls_options trusting(const identity& who) const
    {
        tls_options o;
        o.trust_roots_file = directory / "root.pem";
        const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(o.trust_roots_file.c_str(), "w"), std::fclose);
        BOOST_REQUIRE(PEM_write_X509(file.get(), who.certificate.get()) == 1);
        return o;
    }
    std::string refused(const std::shared_ptr<SSL_CTX>& server) const { return check_refused(server, trusting(root)); }
    bool accepted(const std::shared_ptr<SSL_CTX>& server) const
    {
        tls_server s(server);
        return !get(s.server.url("/"), trusting(root)).ec;
    }

    // What a good server answers to the first bytes of a client.
    std::string first_flight(const std::string& hello) const
    {
        const std::unique_ptr<SSL, decltype(&SSL_free)> tls(SSL_new(good.get()), SSL_free);
        BIO* const in = BIO_new(BIO_s_mem());
        BIO* const out = BIO_new(BIO_s_mem());
        SSL_set_bio(tls.get(), in, out);
        BIO_write(in, hello.data(), static_cast<int>(hello.size()));
        SSL_accept(tls.get());
        ERR_clear_error();
        const char* bytes = nullptr;
        const long size = BIO_get_mem_data(out, &bytes);
        return {bytes, static_cast<std::size_t>(size)};
    }

    // Of a call over TLS to a server that plays its side of the handshake by hand.
    transport_outcome call(const raw_server::script& by_hand, std::chrono::milliseconds limit = 20s)
    {
        const raw_server server(by_hand);
        const ender end{over}; // before the server waits for its script
        http_limits limits = without_sweep();
        limits.tls = limit;
        asio::io_context context;
        http1_client client(context.get_executor(), trusting(root), limits);
        const http_request request("GET", "https://127.0.0.1:" + std::to_string(server.port()) + "/");
        const auto start = std::chrono::steady_clock::now();
        transport_outcome outcome = run(context, client.send(request));
        took = std::chrono::steady_clock::now() - start;
        BOOST_TEST(!outcome.sent);
        BOOST_TEST(server.connections() == 1u); // and nobody tried again
        return outcome;
    }

    std::atomic<bool> over{false};
    std::chrono::steady_clock::duration took{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls_faults, fixture)

BOOST_AUTO_TEST_CASE(a_certificate_that_signed_itself_is_refused)
{
    const identity self = make("server", of_server);
    refused(serve(self));
    refused(serve(self, {root})); // a root that comes along does not help
}

BOOST_AUTO_TEST_CASE(only_an_authority_signs)
{
    const identity leaf = make("leaf", of_server, &root);
    refused(serve(make("rogue", of_server, &leaf), {leaf}));
    const identity nothing_said = make("v3 without constraints", {}, &root);
    refused(serve(make("rogue", of_server, &nothing_said), {nothing_said}));
    const identity other_use =
        make("no signing", {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,digitalSignature"}},
             &root);
    refused(serve(make("rogue", of_server, &other_use), {other_use}));
}

BOOST_AUTO_TEST_CASE(a_chain_is_as_long_as_its_authorities_allow_and_has_no_gap)
{
    const identity between = make("between", of_authority, &root);
    const identity leaf = make("server", of_server, &between);
    BOOST_TEST(accepted(serve(leaf, {between})));
    refused(serve(leaf));
    const identity short_one = make("last authority", {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"}}, &root);
    const identity beyond = make("one more", of_authority, &short_one);
    BOOST_TEST(accepted(serve(make("server", of_server, &short_one), {short_one})));
    refused(serve(make("server", of_server, &beyond), {beyond, short_one}));
}

BOOST_AUTO_TEST_CASE(every_certificate_of_the_chain_is_in_its_time_and_for_its_names)
{
    const identity old = make("old authority", of_authority, &root, -60);
    BOOST_TEST(refused(serve(make("server", of_server, &old), {old})) == "certificate has expired");
    extensions elsewhere = of_authority;
    elsewhere.emplace_back(NID_name_constraints, "critical,permitted;IP:10.0.0.0/255.0.0.0");
    const identity bounded = make("bounded authority", elsewhere, &root);
    refused(serve(make("server", of_server, &bounded), {bounded}));
}

BOOST_AUTO_TEST_CASE(a_certificate_for_clients_is_not_one_of_a_server)
{
    extensions of_client = of_server;
    of_client.emplace_back(NID_ext_key_usage, "clientAuth");
    refused(serve(make("client", of_client, &root)));
    of_client.back().second = "clientAuth,serverAuth";
    BOOST_TEST(accepted(serve(make("both", of_client, &root))));
}

BOOST_AUTO_TEST_CASE(no_cipher_in_common_is_a_failure_of_tls)
{
    SSL_CTX_set_max_proto_version(good.get(), TLS1_2_VERSION);
    for (const auto* ciphers : {"ECDHE-ECDSA-NULL-SHA:@SECLEVEL=0", "AECDH-AES128-SHA:@SECLEVEL=0"}) {
        BOOST_REQUIRE(SSL_CTX_set_cipher_list(good.get(), ciphers) == 1);
        refused(good);
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_cut_after_any_byte_may_go_well_another_time)
{
    for (const bool rudely : {false, true}) {
        std::size_t size = 1;
        for (std::size_t cut = 0; cut < size; cut += 13) {
            const auto outcome = call([&, cut](raw_peer& peer) {
                const std::string flight = first_flight(peer.read_once());
                size = flight.size();
                peer.write(flight.substr(0, cut));
                if (rudely) peer.reset();
            });
            BOOST_TEST(outcome.ec == errc::connect_failed, cut << ": " << outcome.ec);
            BOOST_TEST((outcome.ec == condition::retry_later));
        }
        BOOST_TEST(size > 500u);
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_changed_in_any_byte_comes_to_nothing)
{
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; at += 7) {
        const auto outcome = call([&, at](raw_peer& peer) {
            std::string flight = first_flight(peer.read_once());
            size = flight.size();
            char& changed = flight.at(std::min(at, size - 1)); // signatures differ in length
            changed = static_cast<char>(changed ^ 0x20);
            peer.write(flight);
            peer.read_once();
        });
        // a length that became larger leaves the client waiting for bytes that do not come
        BOOST_TEST((outcome.ec == errc::tls_failed || outcome.ec == errc::connect_failed), at << ": " << outcome.ec);
    }
}

BOOST_AUTO_TEST_CASE(a_handshake_without_end_ends_at_its_limit)
{
    const auto drawn_out = [this](std::size_t part, std::chrono::milliseconds pause) {
        over = false;
        const auto outcome = call(
            [&](raw_peer& peer) {
                const std::string flight = first_flight(peer.read_once());
                for (std::size_t i = 0; i < part && !over; ++i) {
                    peer.write(flight.substr(i, 1));
                    peer.pause(pause);
                }
                while (!over) peer.pause(1ms);
            },
            300ms);
        BOOST_TEST(outcome.ec == errc::tls_timed_out);
        BOOST_TEST((took >= 300ms));
    };
    drawn_out(0, 0ms);
    drawn_out(1, 0ms);
    drawn_out(200, 0ms);
    drawn_out(500, 50ms); // progress is no excuse
}

BOOST_AUTO_TEST_CASE(what_is_no_handshake_is_a_failure_of_tls)
{
    const std::string others[] = {
        "\x15\x03\x03\0\x02\x02\x28"s,         // a fatal alert: handshake_failure
        "\x15\x03\x03\0\x02\x02\x50"s,         // internal_error
        "\x17\x03\x03\0\x05hello"s,            // data before any key
        "\x16\x03\x03\xff\xff"s,               // a record larger than there may be
        "\x16\x03\x03\0\x04\x02\xff\xff\xff"s, // a ServerHello of 16 MB
        "\x16\x03\x03\0\x04\x0e\0\0\0"s,       // the end of a ServerHello that never was
        "\x80\x2e\x01\0\x02\0\x15\0\0\0\x10"s, // SSL 2
        "HTTP/1.1 400 Bad Request\r\n\r\n"s,   // and other protocols
        "SSH-2.0-OpenSSH_9.2p1\r\n"s,
    };
    for (const auto& bytes : others) {
        const auto outcome = call([&](raw_peer& peer) {
            peer.read_once();
            peer.write(bytes);
            peer.read_once();
        });
        BOOST_TEST(outcome.ec == errc::tls_failed, bytes << ": " << outcome.ec);
        BOOST_TEST(!outcome.detail.empty());
    }
}

BOOST_AUTO_TEST_CASE(warnings_without_end_come_to_an_end)
{
    over = false;
    const auto outcome = call([this](raw_peer& peer) {
        peer.read_once();
        while (!over) peer.write("\x15\x03\x03\0\x02\x01\x5a"s);
    });
    BOOST_TEST(outcome.ec == errc::tls_failed);
}

BOOST_AUTO_TEST_CASE(without_a_goodbye_a_body_that_ends_with_the_stream_is_lost)
{
    struct {
        const char* bytes;
        bool goodbye;
        error_code ec;
    } const rows[] = {
        {"HTTP/1.1 200 OK\r\n\r\nhello", true, {}},
        {"HTTP/1.1 200 OK\r\n\r\nhello", false, errc::connection_lost},
        {"HTTP/1.1 200 OK\r\n\r\n", false, errc::connection_lost},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, {}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true, errc::connection_lost},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false, {}},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", true, errc::connection_lost},
    };
    for (const auto& row : rows) {
        raw_server server(
            [&](raw_peer& peer) {
                if (peer.number > 0) return keep_answering()(peer);
                peer.read_request();
                peer.write(row.bytes);
                if (row.goodbye) peer.say_goodbye();
            },
            good);
        asio::io_context context;
        http1_client client(context.get_executor(), trusting(root), without_sweep());
        const http_request get("GET", server.url("/")), post("POST", server.url("/"));
        const auto first = run(context, client.send(get));
        BOOST_TEST(first.ec == row.ec, row.bytes);
        BOOST_TEST(first.sent);
        while (server.connections() == 0) std::this_thread::sleep_for(1ms);
        server.wait_until_all_closed();
        BOOST_TEST(run(context, client.send(post)).response.body() == "hello");
        BOOST_TEST(server.connections() == 2u);
    }
}

BOOST_AUTO_TEST_SUITE_END()
