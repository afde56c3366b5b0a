// RFC 7009: the revocation request, and what its answers mean.
#include "core/revocation.hpp"
#include "core/token_request.hpp"
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;

namespace {

using core::parting_token;
using meaning = core::revocation_response::verdict;

client_registration with_endpoint(client_registration c = client())
{
    return std::move(c).revocation_endpoint("https://server.example.com/revoke");
}

const parting_token refresh_token{"45ghiukldjahdnhzdauz", parting_token::kind::refresh_token};

core::revocation_response revoked(http_response response, const client_registration& c = with_endpoint())
{
    return core::parse_revocation_response(transport_outcome(std::move(response)), c, refresh_token, test::now);
}

} // namespace

BOOST_AUTO_TEST_CASE(an_endpoint_that_is_no_https_url_is_refused)
{
    for (const auto bad : {"server.example.com/revoke", "/revoke", "https://server.example.com/revoke#x",
                           "https://user@server.example.com/", "ftp://server.example.com/"}) {
        const auto fault = core::check(client().revocation_endpoint(bad));
        BOOST_TEST((fault.code == errc::invalid_argument), bad);
        BOOST_TEST(fault.text.starts_with("revocation_endpoint: "), fault.text);
    }
    BOOST_TEST(
        (core::check(client().revocation_endpoint("http://server.example.com/revoke")).code == errc::insecure_url));
    BOOST_TEST(!core::check(client().revocation_endpoint("http://127.0.0.1:8080/revoke")));
    BOOST_TEST(!core::check(with_endpoint()));
}

BOOST_AUTO_TEST_CASE(the_request_of_the_rfc_example)
{
    const auto r = core::make_revocation_request(with_endpoint(), refresh_token);
    BOOST_TEST(r.method() == "POST");
    BOOST_TEST(r.url() == "https://server.example.com/revoke");
    BOOST_TEST(r.fields().find("Content-Type") == "application/x-www-form-urlencoded");
    BOOST_TEST(r.fields().find("Authorization") == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    BOOST_TEST(r.body() == "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token");
}

BOOST_AUTO_TEST_CASE(an_access_token_is_called_so_and_a_token_is_form_encoded)
{
    const auto r = core::make_revocation_request(with_endpoint(), {"a+b/c==", parting_token::kind::access_token});
    BOOST_TEST(r.body() == "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token");
}

BOOST_AUTO_TEST_CASE(the_client_proves_who_it_is_as_at_the_token_endpoint)
{
    const client_registration in_public("https://server.example.com/token", "s6BhdRkqt3");
    const auto r = core::make_revocation_request(with_endpoint(in_public), refresh_token);
    BOOST_TEST(!r.fields().contains("Authorization"));
    BOOST_TEST(r.body().ends_with("&client_id=s6BhdRkqt3"), r.body());
    auto post = in_public;
    post.client_secret_post("7Fjfp0ZBr1KtDRbnfVdmIw");
    BOOST_TEST(core::make_revocation_request(with_endpoint(post), refresh_token)
                   .body()
                   .ends_with("&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw"));
}

BOOST_AUTO_TEST_CASE(a_success_of_any_kind_and_with_any_body_is_a_revocation)
{
    for (const unsigned status : {200u, 204u})
        for (const auto body : {"", "{}", "<html>", R"({"error":"invalid_token"})"})
            BOOST_TEST((revoked(answer(status, body)).outcome == meaning::revoked));
}

BOOST_AUTO_TEST_CASE(an_overloaded_server_is_asked_again_when_it_says)
{
    http_fields fields;
    fields.add("Retry-After", "120");
    const auto r = revoked(http_response(503, std::move(fields), {}));
    BOOST_TEST((r.outcome == meaning::again));
    BOOST_TEST((r.said.retry_after == std::chrono::seconds(120)));
    for (const unsigned status : {408u, 429u, 500u, 502u, 503u, 504u})
        BOOST_TEST((revoked(answer(status, "")).outcome == meaning::again), status);
    for (const bool sent : {false, true}) // revoking is idempotent
        BOOST_TEST((core::parse_revocation_response(transport_outcome(errc::connection_lost, sent), with_endpoint(),
                                                    refresh_token, test::now)
                        .outcome == meaning::again));
}

BOOST_AUTO_TEST_CASE(an_error_is_final_and_its_words_are_kept)
{
    const auto r = revoked(answer(400, R"({"error":"unsupported_token_type","error_description":"try the other"})"));
    BOOST_TEST((r.outcome == meaning::refused));
    BOOST_TEST(r.said.error == "unsupported_token_type");
    BOOST_TEST(r.said.error_description == "try the other");
    for (const unsigned status : {301u, 400u, 401u, 403u, 404u, 405u})
        BOOST_TEST((revoked(answer(status, "<html>")).outcome == meaning::refused), status);
}

BOOST_AUTO_TEST_CASE(an_echoed_secret_is_masked)
{
    const auto r = revoked(
        answer(400, R"({"error":"invalid_request","error_description":"no 45ghiukldjahdnhzdauz, and no gX1fBat3bV"})"));
    BOOST_TEST(r.said.error_description == "no ***, and no ***");
}
