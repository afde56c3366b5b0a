#include <afresh/http_message.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;

BOOST_AUTO_TEST_CASE(a_field_that_is_not_there_is_empty)
{
    const http_fields none;
    BOOST_TEST(none.find("Date") == "");
    BOOST_TEST(!none.contains("Date"));
    BOOST_TEST(none.find_all("Date").empty());
}

BOOST_AUTO_TEST_CASE(names_are_found_in_any_case_and_values_keep_their_order)
{
    http_fields f;
    f.add("WWW-Authenticate", "Bearer");
    f.add("Date", "");
    f.add("www-authenticate", "DPoP");
    BOOST_TEST(f.find("Www-Authenticate") == "Bearer");
    BOOST_TEST(f.contains("dATE"));
    const auto all = f.find_all("WWW-AUTHENTICATE");
    BOOST_REQUIRE(all.size() == 2u);
    BOOST_TEST(all[0] == "Bearer");
    BOOST_TEST(all[1] == "DPoP");
}

BOOST_AUTO_TEST_CASE(setting_a_field_leaves_one_of_that_name)
{
    http_fields f;
    f.add("Accept", "a");
    f.add("Host", "h");
    f.add("ACCEPT", "b");
    f.set("accept", "c");
    BOOST_TEST(f.size() == 2u);
    BOOST_TEST(f.find("Accept") == "c");
    f.erase("HOST");
    BOOST_TEST(f.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_request_is_built_in_one_expression)
{
    const auto r = http_request("PUT", "https://a/").field("If-Match", "x").field("if-match", "y").body("text");
    BOOST_TEST(r.method() == "PUT");
    BOOST_TEST(r.url() == "https://a/");
    BOOST_TEST(r.fields().size() == 1u);
    BOOST_TEST(r.fields().find("If-Match") == "y");
    BOOST_TEST(r.body() == "text");
}
