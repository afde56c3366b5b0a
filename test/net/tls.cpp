// TLS: whom we talk to is verified before a byte of the request is sent.
#include "net/tls_context.hpp"
#include "support/print_errc.hpp"
#include "support/tls_server.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdlib>
#include <fstream>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

std::string error_of(const tls_options& options)
{
    try {
        make_http_transport(options);
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code() == errc::invalid_argument);
        return e.what();
    }
    return {};
}

struct with_pki {
    test_pki pki;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(tls, with_pki)

BOOST_AUTO_TEST_CASE(an_unknown_authority_is_refused)
{
    pki.issue("server", {});
    const test_pki other;
    check_refused(pki.server("server"), trusting(other));
    check_refused(pki.server("server"), tls_options()); // the system's roots do not know it either
}

BOOST_AUTO_TEST_CASE(a_system_without_roots_trusts_nobody_and_says_so)
{
    pki.issue("server", {});
    ::setenv("SSL_CERT_FILE", "/nonexistent/roots.pem", 1);
    ::setenv("SSL_CERT_DIR", "/nonexistent", 1);
    const std::string why = check_refused(pki.server("server"), tls_options());
    BOOST_TEST(why.find("no trust roots") != std::string::npos, why);
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
}

BOOST_AUTO_TEST_CASE(another_host_name_is_refused)
{
    leaf l;
    l.subject_alt_name = "DNS:wrong.example,IP:127.0.0.2";
    pki.issue("wrong", l);
    check_refused(pki.server("wrong"), trusting(pki));
    check_refused(pki.server("wrong"), trusting(pki), "localhost");
}

BOOST_AUTO_TEST_CASE(a_common_name_is_no_host_name)
{
    leaf l;
    l.subject_alt_name = "";
    l.common_name = "localhost";
    pki.issue("cn", l);
    check_refused(pki.server("cn"), trusting(pki), "localhost");
}

BOOST_AUTO_TEST_CASE(an_address_is_not_matched_by_a_name)
{
    leaf l;
    l.subject_alt_name = "DNS:127.0.0.1";
    pki.issue("name", l);
    check_refused(pki.server("name"), trusting(pki));
}

BOOST_AUTO_TEST_CASE(a_certificate_out_of_its_time_is_refused)
{
    leaf expired;
    expired.valid_from_days = -10;
    expired.valid_for_days = -1;
    pki.issue("expired", expired);
    BOOST_TEST(check_refused(pki.server("expired"), trusting(pki)) == "certificate has expired");
    leaf early;
    early.valid_from_days = 1;
    early.valid_for_days = 10;
    pki.issue("early", early);
    check_refused(pki.server("early"), trusting(pki));
}

BOOST_AUTO_TEST_CASE(tls_1_1_is_refused)
{
    pki.issue("server", {});
    check_refused(pki.server("server", TLS1_VERSION, TLS1_1_VERSION), trusting(pki));
}

BOOST_AUTO_TEST_CASE(a_server_that_speaks_plain_http_is_refused)
{
    const raw_server plain([](raw_peer& peer) { peer.write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
    const auto outcome = get("https://127.0.0.1:" + std::to_string(plain.port()) + "/", trusting(pki));
    BOOST_TEST(outcome.ec == errc::tls_failed);
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_up_in_the_handshake_may_be_better_later)
{
    const raw_server rude([](raw_peer&) {});
    const auto outcome = get("https://127.0.0.1:" + std::to_string(rude.port()) + "/", trusting(pki));
    BOOST_TEST(outcome.ec == errc::connect_failed);
    BOOST_TEST((outcome.ec == condition::retry_later));
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(a_body_cut_without_a_goodbye_is_lost)
{
    pki.issue("server", {});
    tls_server s(pki.server("server"), "HTTP/1.1 200 OK\r\n\r\n{\"a\":1}");
    s.goodbye = false;
    const auto cut = get(s.server.url("/"), trusting(pki));
    BOOST_TEST(cut.ec == errc::connection_lost);
    BOOST_TEST(cut.sent);
    s.goodbye = true;
    const auto whole = get(s.server.url("/"), trusting(pki));
    BOOST_TEST(!whole.ec);
    BOOST_TEST(whole.response.body() == "{\"a\":1}");
}

BOOST_AUTO_TEST_CASE(a_response_cut_at_any_byte_is_lost_over_tls_too)
{
    pki.issue("server", {});
    std::atomic<std::size_t> cut{0};
    const raw_server server(
        [&](raw_peer& peer) {
            peer.read_request();
            peer.write(std::string_view(hello).substr(0, cut));
            if (cut % 2 == 0) peer.say_goodbye();
        },
        pki.server("server"));
    const auto options = trusting(pki);
    for (; cut < hello.size(); ++cut) {
        const auto outcome = get(server.url("/"), options);
        BOOST_TEST(outcome.ec == errc::connection_lost, "cut at " << cut << ": " << outcome.ec);
        BOOST_TEST(outcome.sent);
    }
}

BOOST_AUTO_TEST_CASE(files_that_cannot_be_used_are_named_at_once)
{
    tls_options no_roots;
    no_roots.trust_roots_file = "/nonexistent/roots.pem";
    BOOST_TEST(error_of(no_roots).find("/nonexistent/roots.pem") != std::string::npos);

    const std::string empty = pki.certificate_file("empty");
    std::ofstream(empty).close();
    no_roots.trust_roots_file = empty;
    BOOST_TEST(error_of(no_roots).find("empty.pem") != std::string::npos);

    pki.issue("client", {});
    pki.issue("other", {});
    auto half = trusting(pki);
    half.certificate_chain_file = pki.certificate_file("client");
    BOOST_TEST(!error_of(half).empty());
    half.private_key_file = pki.key_file("other");
    BOOST_TEST(!error_of(half).empty());
    half.private_key_file = pki.key_file("client");
    BOOST_TEST(error_of(half).empty());
}

BOOST_AUTO_TEST_CASE(a_name_and_an_address_in_the_certificate_are_accepted)
{
    pki.issue("server", {});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION})
        for (const auto* host : {"127.0.0.1", "localhost"}) {
            tls_server s(pki.server("server", version, version));
            const auto outcome = get(s.server.url("/", host), trusting(pki));
            BOOST_TEST(!outcome.ec, host << ": " << outcome.ec);
            BOOST_TEST(outcome.response.body() == "hello");
            BOOST_TEST(s.requests == 1u);
        }
}

BOOST_AUTO_TEST_CASE(a_wildcard_stands_for_a_label_and_not_for_a_part_of_one)
{
    leaf l;
    l.subject_alt_name = "DNS:local*";
    pki.issue("part", l);
    check_refused(pki.server("part"), trusting(pki), "localhost");
}

BOOST_AUTO_TEST_CASE(the_server_learns_name_and_protocol)
{
    pki.issue("server", {});
    const auto context = pki.server("server");
    struct seen {
        std::string name, protocols;
    } saw;
    SSL_CTX_set_tlsext_servername_callback(
        context.get(), +[](SSL* s, int*, void* arg) -> int {
            const char* name = SSL_get_servername(s, TLSEXT_NAMETYPE_host_name);
            static_cast<seen*>(arg)->name = name ? name : "";
            return SSL_TLSEXT_ERR_OK;
        });
    SSL_CTX_set_tlsext_servername_arg(context.get(), &saw);
    const auto pick = +[](SSL*, const unsigned char** out, unsigned char* size, const unsigned char* in,
                          unsigned in_size, void* arg) -> int {
        static_cast<seen*>(arg)->protocols.assign(reinterpret_cast<const char*>(in), in_size);
        *out = in + 1;
        *size = in[0];
        return SSL_TLSEXT_ERR_OK;
    };
    SSL_CTX_set_alpn_select_cb(context.get(), pick, &saw);
    {
        tls_server s(context);
        BOOST_TEST(!get(s.server.url("/", "localhost"), trusting(pki)).ec);
        BOOST_TEST(saw.name == "localhost");
        BOOST_TEST(saw.protocols == "\x08http/1.1");
        BOOST_TEST(!get(s.server.url("/"), trusting(pki)).ec);
        BOOST_TEST(saw.name == ""); // RFC 6066 3: never an address
    }
}

BOOST_AUTO_TEST_CASE(a_client_certificate_is_shown_when_asked_for)
{
    pki.issue("server", {});
    pki.issue("client", {});
    const auto context = pki.server("server");
    SSL_CTX_load_verify_locations(context.get(), pki.roots_file().c_str(), nullptr);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    tls_server s(context);
    auto options = trusting(pki);
    const auto without = get(s.server.url("/"), options);
    BOOST_TEST(without.ec); // in TLS 1.3 the refusal comes after our handshake, so which error is the server's timing
    options.certificate_chain_file = pki.certificate_file("client");
    options.private_key_file = pki.key_file("client");
    const auto with = get(s.server.url("/"), options);
    BOOST_TEST(!with.ec);
    BOOST_TEST(s.requests == 1u);
}

BOOST_AUTO_TEST_CASE(transports_with_default_options_share_one_context)
{
    const auto one = net::shared_tls_context(tls_options());
    BOOST_TEST(one == net::shared_tls_context(tls_options()));
    BOOST_TEST(one != net::shared_tls_context(trusting(pki)));
}

BOOST_AUTO_TEST_SUITE_END()
