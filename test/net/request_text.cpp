// What is sent is what was meant: nothing in a request can end a line, or frame another request.
#include "net/request_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::net;
using namespace std::string_literals;

namespace {

core::url_parts target(std::string t)
{
    core::url_parts to = *core::parse_url("https://api.example.com/");
    to.target = std::move(t);
    return to;
}

const core::url_parts me = target("/me");

bool refused(const http_request& request, const core::url_parts& to = me)
{
    const auto text = make_request_text(request, to, {});
    return !text && text.error() == errc::invalid_argument;
}

std::string text_of(const http_request& request, after_response then = after_response::keep_open)
{
    const auto text = make_request_text(request, me, {.then = then});
    BOOST_REQUIRE(text.has_value());
    return std::string(text->text());
}

} // namespace

BOOST_AUTO_TEST_CASE(line_ends_and_control_characters_are_refused_everywhere)
{
    for (const auto& bad : {"\r\n"s, "\n"s, "\r"s, "\0"s, "\x01"s, "\x7f"s}) {
        BOOST_TEST(refused(http_request("GET", "").field("X-Id", "a" + bad + "Evil: 1")));
        BOOST_TEST(refused(http_request("GET", "").field("X-Id" + bad + "Evil", "1")));
        BOOST_TEST(refused(http_request("GET" + bad, "")));
        BOOST_TEST(refused(http_request("GET", ""), target("/me" + bad + "x")));
        auto to = me;
        to.origin += bad;
        BOOST_TEST(refused(http_request("GET", ""), to));
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_token_or_target_is_refused)
{
    for (const auto* method : {"", "G T", "GET:", "GÉT", "CONNECT"})
        BOOST_TEST(refused(http_request(method, "")), method);
    for (const auto* name : {"", "X Y", "X:", "Ü", "(x)"})
        BOOST_TEST(refused(http_request("GET", "").field(name, "v")), name);
    for (const auto* t : {"", "me", "/a b", "/\xc3\xa4", "http://evil/"})
        BOOST_TEST(refused(http_request("GET", ""), target(t)), t);
}

BOOST_AUTO_TEST_CASE(fields_of_the_framing_and_of_the_connection_are_refused)
{
    for (const auto* name : {"Content-Length", "transfer-encoding", "Host", "TE", "Trailer", "Upgrade", "Expect",
                             "Keep-Alive", "Proxy-Connection", "HTTP2-Settings"})
        BOOST_TEST(refused(http_request("POST", "").field(name, "0")), name);
    BOOST_TEST(refused(http_request("GET", "").field("Connection", "Upgrade")));
    BOOST_TEST(refused(http_request("GET", "").field("Connection", "close, X-Auth")));
    BOOST_TEST(!refused(http_request("GET", "").field("Connection", "close")));
}

BOOST_AUTO_TEST_CASE(a_get_has_no_length_and_no_encoding_is_offered)
{
    BOOST_TEST(text_of(http_request("GET", "").field("Accept", "*/*")) ==
               "GET /me HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: afresh/0.1.0\r\nAccept: */*\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(a_post_always_has_a_length)
{
    BOOST_TEST(text_of(http_request("POST", "").field("User-Agent", "mine").body("a=b"), after_response::close) ==
               "POST /me HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: mine\r\nContent-Length: 3\r\nConnection: "
               "close\r\n\r\na=b");
    BOOST_TEST(text_of(http_request("POST", "")).find("Content-Length: 0\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_large_body_is_not_copied)
{
    const auto request = http_request("PUT", "").body(std::string(100'000, 'x'));
    const auto text = make_request_text(request, me, {});
    BOOST_REQUIRE(text.has_value());
    BOOST_TEST(text->body().data() == request.body().data());
    BOOST_TEST(text->body().size() == 100'000u);
    BOOST_TEST(text->text().ends_with("Content-Length: 100000\r\n\r\n"));
}
