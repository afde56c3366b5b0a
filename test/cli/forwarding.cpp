// What of a request and of its answer goes through the gateway.

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/listen_address.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::cli;

namespace {

http_fields forwarded(const field_views& received)
{
    http_fields out;
    forward_request(received, out);
    return out;
}

} // namespace

// RFC 9110 7.6.1
BOOST_AUTO_TEST_CASE(what_is_of_one_connection_stays_there)
{
    const auto out = forwarded(field_views({{"Host", "gateway"},
                                            {"Connection", "keep-alive, X-Secret ,\tX-Other"},
                                            {"Keep-Alive", "timeout=5"},
                                            {"x-secret", "1"},
                                            {"X-Other", "2"},
                                            {"TE", "trailers"},
                                            {"Transfer-Encoding", "chunked"},
                                            {"Upgrade", "h2c"},
                                            {"Proxy-Authorization", "Basic eA=="},
                                            {"Content-Length", "5"},
                                            {"Expect", "100-continue"},
                                            {"Accept", "a"},
                                            {"accept", "b"},
                                            {"Cookie", "c"}}));
    BOOST_TEST(out.size() == 4u);
    BOOST_TEST(out.find_all("Accept").size() == 2u);
    BOOST_TEST(out.find("Cookie") == "c");
    BOOST_TEST(out.find("Via") == "1.1 afresh");
}

BOOST_AUTO_TEST_CASE(credentials_of_whoever_asks_stay_here)
{
    const auto out =
        forwarded(field_views({{"Authorization", "Bearer theirs"}, {"dpop", "e.e.e"}, {"X-Api-Key", "k"}}));
    BOOST_TEST(!out.contains("Authorization"));
    BOOST_TEST(!out.contains("DPoP"));
    BOOST_TEST(out.find("X-Api-Key") == "k");
}

BOOST_AUTO_TEST_CASE(an_answer_comes_back_without_what_was_for_the_gateway)
{
    http_fields received;
    for (const auto& [name, value] : field_views({{"Content-Length", "5"},
                                                  {"Content-Encoding", "gzip"},
                                                  {"Set-Cookie", "a=b"},
                                                  {"Set-Cookie", "c=d"},
                                                  {"Transfer-Encoding", "chunked"},
                                                  {"Connection", "close, X-Hop"},
                                                  {"x-hop", "1"},
                                                  {"DPoP-Nonce", "n"},
                                                  {"WWW-Authenticate", "Bearer"}}))
        received.append(name, value);
    field_views out;
    forward_answer(received, out);
    BOOST_REQUIRE(out.size() == 4u);
    BOOST_TEST(out[2].value == "a=b");
    BOOST_TEST(out[3].value == "c=d");
    BOOST_TEST(find_field(out, "content-length") == "5");
}

BOOST_AUTO_TEST_CASE(a_protocol_is_switched_to_when_both_fields_say_so)
{
    BOOST_TEST(wanted_protocol(field_views({{"Upgrade", "websocket"}, {"Connection", "keep-alive, upgrade"}})) ==
               "websocket");
    BOOST_TEST(wanted_protocol(field_views({{"Upgrade", "websocket"}})) == "");
    BOOST_TEST(wanted_protocol(field_views({{"Upgrade", "h2c"}, {"Connection", "Upgrade, HTTP2-Settings"}})) == "");
    BOOST_TEST(wanted_protocol(field_views({{"Connection", "Upgrade"}})) == "");
}

BOOST_AUTO_TEST_CASE(a_target_is_a_path_below_the_api)
{
    BOOST_TEST(forward_url("https://api.example.com", "/a/b?c=d&e=https://x") ==
               "https://api.example.com/a/b?c=d&e=https://x");
    BOOST_TEST(forward_url("https://api.example.com/v1/", "/a") == "https://api.example.com/v1/a");
    BOOST_TEST(forward_url("https://api.example.com", "//other.example.com/") ==
               "https://api.example.com//other.example.com/");
    for (const char* bad :
         {"", "*", "a", "http://other.example.com/", "@other.example.com/", ".other.example.com/", "/a#b"})
        BOOST_TEST(forward_url("https://api.example.com", bad) == "", bad);
}

BOOST_AUTO_TEST_CASE(a_page_of_another_origin_is_known)
{
    const std::vector<std::string> allowed{"https://app.example.com"};
    const auto is_strange = [&](const field_views& fields) { return is_of_strange_page(fields, allowed); };
    const field_view host{"Host", "127.0.0.1:8080"};
    BOOST_TEST(!is_strange({host})); // no browser
    BOOST_TEST(!is_strange({host, {"Sec-Fetch-Site", "none"}}));
    BOOST_TEST(!is_strange({host, {"sec-fetch-site", "same-origin"}}));
    BOOST_TEST(!is_strange({host, {"Origin", "http://127.0.0.1:8080"}}));
    BOOST_TEST(!is_strange({host, {"Origin", "https://app.example.com"}, {"Sec-Fetch-Site", "cross-site"}}));
    BOOST_TEST(is_strange({host, {"Sec-Fetch-Site", "cross-site"}}));
    BOOST_TEST(is_strange({host, {"Sec-Fetch-Site", "same-site"}}));
    BOOST_TEST(is_strange({host, {"Origin", "http://127.0.0.1:8081"}}));
    BOOST_TEST(is_strange({host, {"Origin", "https://app.example.com.evil.example"}}));
    BOOST_TEST(is_strange({host, {"Origin", "null"}}));
}

BOOST_AUTO_TEST_CASE(a_name_of_the_public_dns_is_known_or_strange)
{
    for (const char* const mine : {"", "localhost", "localhost:8080", "LOCALHOST.", "gateway:80", "127.0.0.1",
                                   "127.0.0.1:8080", "[::1]:8080", "app.localhost", "App.LocalHost:80",
                                   "host.docker.internal", "printer.local.", "api.example.com", "API.example.com.:443"})
        BOOST_TEST(!is_strange_host(mine, {"api.example.com"}), mine);
    for (const char* const strange :
         {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "api.example.com.evil", "notapi.example.com",
          "example.com", ".local", "evil.notlocal", "evil.example."})
        BOOST_TEST(is_strange_host(strange, {"api.example.com"}), strange);
}

BOOST_AUTO_TEST_CASE(a_problem_is_json)
{
    const auto o = boost::json::parse(problem(503, "Service Unavailable", "a \"quoted\" reason")).as_object();
    BOOST_TEST(o.at("status").as_int64() == 503);
    BOOST_TEST(o.at("detail").as_string() == "a \"quoted\" reason");
}

BOOST_AUTO_TEST_CASE(an_address_is_of_this_machine_or_not)
{
    BOOST_TEST(parse_listen_address("127.0.0.1:8080").is_local);
    BOOST_TEST(parse_listen_address("[::1]:0").is_local);
    BOOST_TEST(parse_listen_address("unix:/run/x").is_local);
    BOOST_TEST(!parse_listen_address("0.0.0.0:80").is_local);
    BOOST_TEST(!parse_listen_address("[::]:80").is_local);
    BOOST_TEST(!parse_listen_address("10.0.0.1:80").is_local);
    for (const char* bad : {"", "8080", ":8080", "localhost:80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                            "127.0.0.1:65536", "127.0.0.1:80 ", "unix:"})
        BOOST_CHECK_THROW(parse_listen_address(bad), std::runtime_error);
}
