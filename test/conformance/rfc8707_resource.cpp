// RFC 8707 2: the resource parameter.
#include "core/token_request.hpp"
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;

BOOST_AUTO_TEST_CASE(a_resource_that_is_not_an_absolute_uri_without_fragment_is_refused)
{
    for (const auto bad :
         {"api.example.com", "/api", "//api.example.com/", "https://api.example.com/#part", "https://api.example.com/#",
          "https://a b/", "https://a/\n", "?x", "#x", "https://\xc3\xa9/"}) {
        const auto fault = core::check(refreshing().resource(bad));
        BOOST_TEST((fault.code == errc::invalid_argument), bad);
        BOOST_TEST(fault.text.starts_with("resource: "), fault.text);
    }
    for (const auto good :
         {"https://api.example.com", "https://api.example.com/app/", "https://api.example.com/?tenant=1",
          "urn:example:api", "api://0f6f2b1c/", "http://localhost:8080/"})
        BOOST_TEST(!core::check(refreshing().resource(good)), good);
}

BOOST_AUTO_TEST_CASE(the_resource_of_the_rfc_example_is_sent_form_encoded)
{
    const auto g = refreshing().scope("contacts").resource("https://contacts.example.com/app/?a=b&c");
    const auto r = core::make_token_request(client(), g, "4LTC8lb0acc6Oy4esc1Nk9BWC0imAwH7kic16BDC2");
    BOOST_TEST(r.body() ==
               "grant_type=refresh_token&refresh_token=4LTC8lb0acc6Oy4esc1Nk9BWC0imAwH7kic16BDC2&scope=contacts"
               "&resource=https%3A%2F%2Fcontacts.example.com%2Fapp%2F%3Fa%3Db%26c");
    BOOST_TEST(core::make_token_request(client(), refreshing(), "rt").body().find("resource") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(client_credentials_may_name_a_resource_too)
{
    const auto r = core::make_token_request(client(), grant::client_credentials().resource("urn:example:api"), {});
    BOOST_TEST(r.body() == "grant_type=client_credentials&resource=urn%3Aexample%3Aapi");
}

BOOST_AUTO_TEST_CASE(a_refused_resource_leaves_the_refresh_token_in_doubt)
{
    // oidc-provider consumes the refresh token before it looks at the resource.
    const auto r = read(
        answer(400, R"({"error":"invalid_target","error_description":"resource indicator is missing, or unknown"})"));
    BOOST_TEST(r.outcome == verdict::doubtful_misconfigured);
    BOOST_TEST((r.cause == errc::misconfigured));
}
