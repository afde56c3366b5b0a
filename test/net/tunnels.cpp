// Proxies: HTTP with absolute URLs, CONNECT, SOCKS5 (RFC 9112 3.2.2, RFC 9110 9.3.6, RFC 1928, RFC 1929).
#include "support/client_fixture.hpp"
#include "support/test_pki.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

struct fixture : client_fixture {
    fixture() { pki.issue("server", {.subject_alt_name = "DNS:api.example"}); }

    void through(const raw_server& proxy, const char* scheme = "http")
    {
        options.proxy = proxy_options::through(scheme + ("://127.0.0.1:" + std::to_string(proxy.port())));
        options.tls.trust_roots_file = pki.roots_file();
    }
    void with_user()
    {
        options.proxy.user = "alice";
        options.proxy.password = secret_string("secret");
    }

    test_pki pki;
    notes seen;
};

// RFC 1928 5.
std::string read_address(raw_peer& peer)
{
    const std::string head = peer.read_bytes(4);
    std::string host;
    if (head[3] == 3) host = peer.read_bytes(static_cast<unsigned char>(peer.read_bytes(1)[0]));
    if (head[3] == 1) host = "v4:" + peer.read_bytes(4);
    if (head[3] == 4) host = "v6:" + peer.read_bytes(16);
    const std::string port = peer.read_bytes(2);
    return head.substr(0, 3) + host + ':' +
           std::to_string(static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1]));
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(tunnels, fixture)

BOOST_AUTO_TEST_CASE(a_plain_url_is_asked_of_the_proxy_as_a_whole)
{
    const raw_server proxy(answering(seen, [](const std::string&) { return hello; }));
    through(proxy);
    with_user();
    BOOST_TEST(get("http://api.example:81/x?y=1").response.body() == "hello");
    BOOST_TEST(line_of(seen.at(0)) == "GET http://api.example:81/x?y=1 HTTP/1.1");
    BOOST_TEST(seen.at(0).find("\r\nHost: api.example:81\r\n") != std::string::npos);
    BOOST_TEST(seen.at(0).find("\r\nProxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n") != std::string::npos);
    BOOST_TEST(get("http://api.example:81/").response.body() == "hello");
    BOOST_TEST(proxy.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(this_machine_is_called_without_it)
{
    const raw_server proxy(answering(seen, [](const std::string&) { return hello; }));
    const raw_server server(keep_answering());
    through(proxy);
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
    BOOST_TEST(seen.size() == 0u);
}

BOOST_AUTO_TEST_CASE(tls_goes_through_the_tunnel_to_the_server_that_is_meant)
{
    const raw_server server(keep_answering(), pki.server("server"));
    for (const char* scheme : {"http", "socks5h"}) {
        const raw_server proxy([&](raw_peer& peer) {
            if (scheme[0] == 'h') {
                seen.add(peer.read_request());
                peer.write("HTTP/1.1 200 Connection established\r\n\r\n");
            } else {
                peer.read_bytes(3);
                peer.write("\x05\x00"s);
                read_address(peer);
                peer.write("\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s);
            }
            peer.tunnel_to(server.port());
        });
        made.reset();
        through(proxy, scheme);
        with_user();
        if (scheme[0] == 's') options.proxy.user.clear();
        for (int i = 0; i < 2; ++i) BOOST_TEST(get("https://api.example/").response.body() == "hello");
        BOOST_TEST(get("https://other.example/").ec == errc::tls_failed); // the certificate is api.example's
        BOOST_TEST(proxy.connections() == 2u);
        made.reset();
    }
    BOOST_TEST(seen.at(0) == "CONNECT api.example:443 HTTP/1.1\r\nHost: api.example:443\r\n"
                             "Proxy-Authorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_tunnel_that_is_refused_says_so)
{
    for (const char* answer : {"407 Proxy Authentication Required", "403 Forbidden", "502 Bad Gateway", "301 Moved"}) {
        const raw_server proxy(answering(seen, [answer](const std::string&) { return text_answer(answer, "no"); }));
        made.reset();
        through(proxy);
        const auto outcome = get("https://api.example/");
        BOOST_TEST(outcome.ec == errc::proxy_refused);
        BOOST_TEST(!outcome.sent);
        BOOST_TEST(outcome.detail == "the proxy answered " + std::string(answer, 3));
    }
    BOOST_TEST(line_of(seen.at(0)) == "CONNECT api.example:443 HTTP/1.1");
    BOOST_TEST(seen.at(0).find("Proxy-Authorization") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_answer_of_a_proxy_is_refused)
{
    for (const std::string& answer : {"nonsense\r\n\r\n"s, ""s, "HTTP/1.1 200 OK\r\n\r\nbytes nobody asked for"s,
                                      "HTTP/1.1 200 OK\r\nX: "s + std::string(40'000, 'x')}) {
        const raw_server proxy([&](raw_peer& peer) {
            peer.read_request();
            peer.write(answer);
        });
        made.reset();
        through(proxy);
        BOOST_TEST(get("https://api.example/").ec == errc::proxy_refused);
    }
}

BOOST_AUTO_TEST_CASE(a_proxy_that_says_nothing_is_left)
{
    for (const char* scheme : {"http", "socks5h"}) {
        const raw_server proxy([](raw_peer& peer) { peer.drain(); });
        made.reset();
        through(proxy, scheme);
        options.limits.connect = 50ms;
        BOOST_TEST(get("https://api.example/").ec == errc::connect_timed_out);
    }
}

BOOST_AUTO_TEST_CASE(socks_with_and_without_a_user)
{
    for (const bool user : {false, true}) {
        const raw_server proxy([&](raw_peer& peer) {
            seen.add(peer.read_bytes(user ? 4 : 3));
            peer.write(user ? "\x05\x02"s : "\x05\x00"s);
            if (user) {
                seen.add(peer.read_bytes(3 + 5 + 6));
                peer.write("\x01\x00"s);
            }
            seen.add(read_address(peer));
            peer.write("\x05\x00\x00\x03\x05where\x12\x34"s);
            seen.add(line_of(peer.read_request()));
            peer.write(hello);
        });
        made.reset();
        seen.clear();
        through(proxy, "socks5h");
        if (user) with_user();
        BOOST_TEST(get("http://api.example/x").response.body() == "hello");
        const auto all = seen.all();
        BOOST_REQUIRE(all.size() == (user ? 4u : 3u));
        BOOST_TEST(all.front() == (user ? "\x05\x02\x00\x02"s : "\x05\x01\x00"s));
        if (user)
            BOOST_TEST(all[1] == "\x01\x05"
                                 "alice\x06secret"s);
        BOOST_TEST(all[all.size() - 2] == "\x05\x01\x00"
                                          "api.example:80"s);
        BOOST_TEST(all.back() == "GET /x HTTP/1.1");
    }
}

BOOST_AUTO_TEST_CASE(socks5_looks_names_up_here_and_an_address_needs_none)
{
    const raw_server proxy([&](raw_peer& peer) {
        if (peer.read_bytes(3).empty()) return;
        peer.write("\x05\x00"s);
        seen.add(read_address(peer));
        peer.write("\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s);
        peer.read_request();
        peer.write(hello);
    });
    through(proxy, "socks5");
    BOOST_TEST(get("http://192.0.2.7:8080/").response.body() == "hello");
    BOOST_TEST(seen.at(0) == "\x05\x01\x00v4:\xc0\x00\x02\x07:8080"s);
    BOOST_TEST(get("http://[2001:db8::1]/").response.body() == "hello");
    BOOST_TEST(seen.at(1) == "\x05\x01\x00v6:\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x01:80"s);
    BOOST_TEST(get("http://no-such-name.invalid/").ec == errc::resolve_failed);
    BOOST_TEST(seen.size() == 2u);
}

BOOST_AUTO_TEST_CASE(a_socks_proxy_that_refuses_says_why)
{
    struct row {
        std::string method, reply, detail;
    };
    const row rows[] = {
        {"\x05\xff"s, "", "another way to sign in"},
        {"\x04\x00"s, "", "another way to sign in"},
        {"\x05\x02"s, "", "another way to sign in"}, // a user was not offered
        {"\x05\x00"s, "\x05\x05\x00\x01\x00\x00\x00\x00\x00\x00"s, "connection refused"},
        {"\x05\x00"s, "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00"s, "not allowed by its rules"},
        {"\x05\x00"s, "\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00"s, "an unknown failure"},
    };
    for (const row& r : rows) {
        const raw_server proxy([&](raw_peer& peer) {
            peer.read_bytes(3);
            peer.write(r.method);
            if (r.reply.empty()) return;
            read_address(peer);
            peer.write(r.reply);
        });
        made.reset();
        through(proxy, "socks5h");
        const auto outcome = get("https://api.example/");
        BOOST_TEST(outcome.ec == errc::proxy_refused);
        BOOST_TEST((outcome.detail.find(r.detail) != std::string::npos), outcome.detail);
    }
    const raw_server proxy([&](raw_peer& peer) {
        peer.read_bytes(4);
        peer.write("\x05\x02"s);
        peer.read_bytes(14);
        peer.write("\x01\x01"s);
    });
    made.reset();
    through(proxy, "socks5h");
    with_user();
    BOOST_TEST((get("https://api.example/").detail.find("refused user and password") != std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()
