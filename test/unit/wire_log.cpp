// What the wire log shows, and what it never does.
#include "http/wire_log.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using http::shown_answer;
using http::shown_request;

BOOST_AUTO_TEST_SUITE(wire_log)

BOOST_AUTO_TEST_CASE(a_request_without_its_secrets_and_its_body)
{
    const std::string text = "POST /p?a=1&code=abc HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer t0ken\r\n"
                             "cookie: id=1\r\nX-Api-Key: k\r\nX-Own: o\r\nAccept: */*\r\n\r\n{\"password\": 1}";
    BOOST_TEST(shown_request(text, {"x-own"}) ==
               "> POST /p?a=***&code=*** HTTP/1.1\n> Host: x\n> Authorization: ***\n> cookie: ***\n> X-Api-Key: ***\n"
               "> X-Own: ***\n> Accept: */*\n");
    BOOST_TEST(shown_request(text, {}).find("X-Own: o") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_of_a_query_stay_and_its_values_and_the_fragment_go)
{
    const auto target = [](const std::string& url) {
        const std::string shown = shown_request("GET " + url + " HTTP/1.1\r\n\r\n", {});
        return shown.substr(6, shown.size() - 6 - 10);
    };
    BOOST_TEST(target("/") == "/");
    BOOST_TEST(target("/a/b") == "/a/b");
    BOOST_TEST(target("/?") == "/?");
    BOOST_TEST(target("/?a") == "/?a");
    BOOST_TEST(target("/?a=b=c&d=&e") == "/?a=***&d=***&e");
    BOOST_TEST(target("/#access_token=x") == "/#***");
    BOOST_TEST(target("http://x/?a=1#b") == "http://x/?a=***#***");
}

BOOST_AUTO_TEST_CASE(an_answer_without_its_secrets)
{
    http_fields fields;
    fields.add("Content-Type", "text/plain");
    fields.add("Set-Cookie", "sid=1");
    fields.add("Location", "https://x/cb?code=abc&state=1");
    fields.add("X-Amz-Security-Token", "t");
    fields.add("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    BOOST_TEST(
        shown_answer(302, fields, {}) ==
        "< HTTP/1.1 302\n< Content-Type: text/plain\n< Set-Cookie: ***\n< Location: https://x/cb?code=***&state=***\n"
        "< X-Amz-Security-Token: ***\n< WWW-Authenticate: Bearer error=\"invalid_token\"\n");
}

BOOST_AUTO_TEST_SUITE_END()
