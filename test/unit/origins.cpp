// Where a token may go: to the origins it was configured for, and over https (FAULTS B4, B6).

#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/stage.hpp"

#include <afresh/http_client.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

namespace {

using namespace afresh;
using namespace afresh::test;

struct refusal {
    error_code code;
    std::string text;
};

struct listed : stage {
    listed() : stage(system_clocks()) {}

    token_source allowing(std::vector<std::string> origins)
    {
        source_options options;
        options.allowed_origins = std::move(origins);
        return source(std::move(options));
    }
    refusal refusal_of(const std::string& origin)
    {
        try {
            allowing({"https://api.example.com", origin});
        } catch (const boost::system::system_error& e) {
            return {e.code(), e.what()};
        }
        return {};
    }
    error_code get(const token_source& tokens, const std::string& url)
    {
        error_code ec;
        run([](http_client api, std::string to, error_code& failed) -> asio::awaitable<void> {
            try {
                (void)co_await api.get(to);
            } catch (const boost::system::system_error& e) {
                failed = e.code();
            }
        }(http_client(tokens), url, ec));
        return ec;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(origins, listed)

BOOST_AUTO_TEST_CASE(a_password_in_an_allowed_origin_is_refused_and_stays_out_of_the_text)
{
    for (const char* url : {"https://user:hunter2@api.example.com", "http://hunter2@127.0.0.1:8080",
                            "hunter2://api.example.com", "https://api.example.com:hunter2"}) {
        const refusal r = refusal_of(url);
        BOOST_TEST(r.code == errc::invalid_argument);
        BOOST_TEST(r.text.find("allowed_origins") != std::string::npos);
        BOOST_TEST(r.text.find("hunter2") == std::string::npos, r.text);
    }
}

BOOST_AUTO_TEST_CASE(plain_http_is_refused_except_to_loopback)
{
    for (const char* url : {"http://api.example.com", "HTTP://10.0.0.1:8080/x", "http://127.0.0.1.example.com",
                            "http://127.example.com", "http://localhost.example.com", "http://[2001:db8::1]"})
        BOOST_TEST(refusal_of(url).code == errc::insecure_url, url);
    const refusal secret = refusal_of("http://api.example.com/path?key=hunter2");
    BOOST_TEST(secret.code == errc::insecure_url);
    BOOST_TEST(secret.text.find("http://api.example.com'") != std::string::npos);
    BOOST_TEST(secret.text.find("hunter2") == std::string::npos);
    for (const char* url : {"http://127.0.0.1:8080", "http://127.1.2.3", "http://localhost", "http://[::1]:80"})
        BOOST_TEST(!refusal_of(url).code, url);
}

BOOST_AUTO_TEST_CASE(plain_http_is_allowed_by_its_ugly_name_alone)
{
    source_options options;
    options.allowed_origins = {"http://api.example.com"};
    options.service = parts();
    const token_source tokens(context.get_executor(), client().allow_plain_http_for_tests(),
                              grant::refresh_token("alice-0"), std::move(options));
    BOOST_TEST(tokens.allows("http://api.example.com/any/path"));
    BOOST_TEST(!tokens.allows("https://api.example.com/"));
}

BOOST_AUTO_TEST_CASE(an_origin_that_is_not_listed_is_not_even_connected_to)
{
    const raw_server own([](raw_peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const raw_server foreign([](raw_peer& peer) { peer.drain(); });
    const auto tokens = allowing({own.url("")});
    for (const auto& url : {foreign.url("/"), foreign.url("/", "localhost"), own.url("/", "localhost"),
                            "https://127.0.0.1:" + std::to_string(own.port()) + "/"})
        BOOST_TEST(get(tokens, url) == errc::origin_not_allowed, url);
    for (const auto& url : {own.url("@127.0.0.1:1/"), std::string("not a URL")})
        BOOST_TEST(get(tokens, url) == errc::invalid_argument, url);
    BOOST_TEST(foreign.connections() == 0u);
    BOOST_TEST(own.connections() == 0u);
    BOOST_TEST(server->requests() == 0u); // nor is a token fetched for it
    BOOST_TEST(!get(tokens, own.url("/path?query")));
    BOOST_TEST(own.connections() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
