// Requests and answers as values: what the setters build, and what the readers find.
#include "support/print_errc.hpp"

#include <afresh/http_status_error.hpp>

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;

namespace {

http_response answer(unsigned status, std::string body, std::string challenge = {})
{
    http_fields fields;
    if (!challenge.empty()) fields.add("WWW-Authenticate", std::move(challenge));
    return {status, std::move(fields), std::move(body)};
}

} // namespace

BOOST_AUTO_TEST_SUITE(http_message)

BOOST_AUTO_TEST_CASE(a_query_is_appended_before_the_fragment_and_encoded)
{
    const auto with = [](const char* url) { return http_request("GET", url).query("a b", "1&2=\xc3\xa4").url(); };
    BOOST_TEST(with("https://x/p") == "https://x/p?a+b=1%262%3D%C3%A4");
    BOOST_TEST(with("https://x/p?") == "https://x/p?a+b=1%262%3D%C3%A4");
    BOOST_TEST(with("https://x/p?q=0") == "https://x/p?q=0&a+b=1%262%3D%C3%A4");
    BOOST_TEST(with("https://x/p?q=0&") == "https://x/p?q=0&a+b=1%262%3D%C3%A4");
    BOOST_TEST(with("https://x/p#f?") == "https://x/p?a+b=1%262%3D%C3%A4#f?");
    BOOST_TEST(http_request("GET", "https://x").query("a", "1").query("b", "").url() == "https://x?a=1&b=");
}

BOOST_AUTO_TEST_CASE(a_form_grows_field_by_field)
{
    const auto r = http_request("POST", "https://x/").form("grant", "a b").form("x", "\xc3\xa4+&");
    BOOST_TEST(r.body() == "grant=a+b&x=%C3%A4%2B%26");
    BOOST_TEST(r.fields().find("Content-Type") == "application/x-www-form-urlencoded");
}

BOOST_AUTO_TEST_CASE(json_goes_out_and_comes_in)
{
    const boost::json::value v{{"name", "a"}, {"n", 1}};
    const auto r = http_request("PUT", "https://x/").json(v);
    BOOST_TEST(r.body() == R"({"name":"a","n":1})");
    BOOST_TEST(r.fields().find("Content-Type") == "application/json");
    BOOST_TEST((answer(200, r.body()).json() == v));
    for (const char* bad : {"", "{", "[1,]", "{} x"})
        BOOST_CHECK_THROW(answer(200, bad).json(), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(a_status_of_400_and_more_is_raised_with_the_answer)
{
    for (unsigned s : {200u, 204u, 301u, 399u}) BOOST_CHECK_NO_THROW(answer(s, "").raise_for_status());
    BOOST_TEST(answer(200, "x").raise_for_status().text() == "x");
    for (unsigned s : {400u, 401u, 404u, 500u, 599u}) {
        try {
            answer(s, "why").raise_for_status();
            BOOST_ERROR("nothing was raised");
        } catch (const http_status_error& e) {
            BOOST_TEST(e.code() == errc::bad_status);
            BOOST_TEST(e.response().status() == s);
            BOOST_TEST(e.response().body() == "why");
            BOOST_TEST(std::string(e.what()).find(std::to_string(s)) != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(the_scopes_that_were_asked_for_can_be_read)
{
    BOOST_TEST(*answer(403, "", R"(Bearer realm="x", error="insufficient_scope", scope="a b")").required_scope() ==
               "a b");
    BOOST_TEST(*answer(403, "", R"(Basic, Bearer error=insufficient_scope)").required_scope() == "");
    BOOST_TEST(!answer(403, "", R"(Bearer error="invalid_token", scope="a")").required_scope());
    BOOST_TEST(!answer(403, "").required_scope());
    BOOST_TEST(!answer(401, "", R"(Bearer error="insufficient_scope", scope="a")").required_scope());
}

BOOST_AUTO_TEST_SUITE_END()
