// RFC 6749 5.2: errors in the words servers really use, and that nothing of theirs gets out unbounded, unprintable or
// secret.
#include "core/token_request.hpp"
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::literals;

BOOST_AUTO_TEST_CASE(a_bare_401_is_unauthorized_and_not_the_end_of_the_grant)
{
    for (const auto message :
         {"HTTP/1.1 401 Unauthorized\r\n\r\n", "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\n\r\n",
          "HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\n\r\n<h1>Unauthorized</h1>",
          "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\n\r\n{}"}) {
        const auto r = read(parse_message(message));
        BOOST_TEST(r.outcome == verdict::unauthorized, message);
        BOOST_TEST((r.cause == errc::temporarily_unavailable));
        BOOST_TEST(r.said.http_status == 401u);
        BOOST_TEST(r.said.error == "");
    }
}

BOOST_AUTO_TEST_CASE(a_bare_401_is_refused_where_the_registration_says_so)
{
    const auto c = client().refused_status(401);
    const auto bare = read(parse_message("HTTP/1.1 401 Unauthorized\r\n\r\n"), refreshing(), c);
    BOOST_TEST(bare.outcome == verdict::refused);
    BOOST_TEST((bare.cause == errc::sign_in_required));
    BOOST_TEST(read(answer(401, R"({"error":"Unauthorized"})"), refreshing(), c).outcome == verdict::refused);
    // An OAuth error says more than the status, and other statuses are not named.
    BOOST_TEST(read(answer(401, R"({"error":"invalid_client"})"), refreshing(), c).outcome == verdict::misconfigured);
    BOOST_TEST(read(answer(403, ""), refreshing(), c).outcome == verdict::transient);
}

BOOST_AUTO_TEST_CASE(the_name_of_a_status_is_not_an_oauth_error)
{
    // Spring Boot, gateways
    for (const auto body :
         {R"({"timestamp":1,"status":401,"error":"Unauthorized","path":"/token"})", R"({"error":"unauthorized"})",
          R"({"error":{"code":401,"message":"invalid_grant"}})", R"({"error":401})", R"({"error":true})",
          R"({"message":"invalid_grant"})", R"(["invalid_grant"])", R"("invalid_grant")", R"({"error":""})"})
        BOOST_TEST(read(answer(401, body)).outcome == verdict::unauthorized, body);
    BOOST_TEST(read(answer(404, R"({"error":"Not Found"})")).outcome == verdict::transient);
    BOOST_TEST(read(answer(403, R"({"error":"Forbidden"})")).outcome == verdict::transient);
    BOOST_TEST(read(answer(500, R"({"error":"Internal Server Error"})")).outcome == verdict::in_doubt);
    BOOST_TEST(read(answer(500, R"({"error":"internal_error"})")).outcome == verdict::in_doubt);
    BOOST_TEST(read(answer(200, R"({"error":"Not Found"})")).outcome == verdict::in_doubt);
}

BOOST_AUTO_TEST_CASE(an_error_in_broken_or_contradictory_json_is_none)
{
    BOOST_TEST(read(answer(400, R"({"error":"invalid_grant")")).outcome == verdict::transient);
    BOOST_TEST(read(answer(400, R"({"error":"invalid_grant"} x)")).outcome == verdict::transient);
    BOOST_TEST(read(answer(400, R"({"error":"invalid_request","error":"invalid_grant"})")).outcome ==
               verdict::in_doubt);
    BOOST_TEST(read(answer(400, R"({"error":"invalid_request","error":"invalid_grant"})")).said.error == "");
    BOOST_TEST(read(answer(400, R"({"x":{"error":"invalid_grant"}})")).outcome == verdict::transient);
    BOOST_TEST(read(answer(400, R"({"Error":"invalid_grant"})")).outcome == verdict::transient);
}

BOOST_AUTO_TEST_CASE(the_captured_errors_of_oidc_provider_are_read)
{
    struct row {
        std::string_view message;
        verdict expected;
        errc cause;
        std::string_view error;
        std::string_view description;
    };
    const row rows[] = {
        {"HTTP/1.1 400 Bad Request\nVary: Origin\ncache-control: no-store\nContent-Type: application/json; "
         "charset=utf-8\n"
         "Content-Length: 72\n\n"
         R"({"error":"invalid_grant","error_description":"grant request is invalid"})",
         verdict::refused, errc::sign_in_required, "invalid_grant", "grant request is invalid"},
        {"HTTP/1.1 401 Unauthorized\ncache-control: no-store\n"
         R"(WWW-Authenticate: Basic realm="http://127.0.0.1:33981", error="invalid_client", )"
         R"(error_description="client authentication failed")"
         "\nContent-Type: application/json; charset=utf-8\n\n"
         R"({"error":"invalid_client","error_description":"client authentication failed"})",
         verdict::misconfigured, errc::misconfigured, "invalid_client", "client authentication failed"},
        {"HTTP/1.1 400 Bad Request\nContent-Type: application/json; charset=utf-8\n\n"
         R"({"error":"unsupported_grant_type","error_description":"unsupported grant_type requested"})",
         verdict::misconfigured, errc::misconfigured, "unsupported_grant_type", "unsupported grant_type requested"},
        {"HTTP/1.1 400 Bad Request\nContent-Type: application/json; charset=utf-8\n\n"
         R"({"error":"invalid_request","error_description":"requested grant type is not allowed for this client"})",
         verdict::invalid_request, errc::temporarily_unavailable, "invalid_request",
         "requested grant type is not allowed for this client"},
        {"HTTP/1.1 400 Bad Request\nContent-Type: application/json; charset=utf-8\n\n"
         R"({"error":"invalid_scope","error_description":"refresh token missing requested scope","scope":"api:write"})",
         verdict::misconfigured, errc::misconfigured, "invalid_scope", "refresh token missing requested scope"},
        {"HTTP/1.1 400 Bad Request\nContent-Type: application/json; charset=utf-8\n\n"
         R"({"error":"invalid_target","error_description":"resource indicator is missing, or unknown"})",
         verdict::doubtful_misconfigured, errc::misconfigured, "invalid_target",
         "resource indicator is missing, or unknown"},
        {"HTTP/1.1 400 Bad Request\ndpop-nonce: pFcPNhKlOqF16MABhi90iZRlmAjAh11VF9inDXTbFBs\n"
         "Content-Type: application/json; charset=utf-8\n\n"
         R"({"error":"use_dpop_nonce","error_description":"nonce is required in the DPoP proof"})",
         verdict::misconfigured, errc::misconfigured, "use_dpop_nonce", "nonce is required in the DPoP proof"},
    };
    for (const row& r : rows) {
        const auto got = read(parse_message(r.message));
        BOOST_TEST(got.outcome == r.expected, r.error);
        BOOST_TEST((got.cause == r.cause), r.error);
        BOOST_TEST(got.said.error == r.error);
        BOOST_TEST(got.said.error_description == r.description);
        BOOST_TEST(got.refresh_token.empty());
    }
}

BOOST_AUTO_TEST_CASE(the_example_of_the_rfc_and_two_well_known_dialects_are_read)
{
    BOOST_TEST(read(parse_message("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json;charset=UTF-8\r\n"
                                  "Cache-Control: no-store\r\nPragma: no-cache\r\n\r\n"
                                  R"({"error":"invalid_request"})"))
                   .outcome == verdict::invalid_request);
    const auto github = read(answer(200, R"({"error":"bad_refresh_token","error_description":"incorrect or expired.",)"
                                         R"("error_uri":"https://docs.example.com/#bad"})"));
    BOOST_TEST(github.outcome == verdict::refused);
    BOOST_TEST(github.said.error_uri == "https://docs.example.com/#bad");
    BOOST_TEST(read(answer(200, R"({"ok":false,"error":"invalid_refresh_token"})")).outcome == verdict::refused);
}

BOOST_AUTO_TEST_CASE(what_the_server_said_is_bounded_and_printable)
{
    const std::string longer(1000, 'x');
    const auto r =
        read(answer(400, R"({"error":"e)" + longer + R"(","error_description":"\u001b[31m\r\nInjected: \u00e9)" +
                             longer + R"(","error_uri":"https://x/)" + longer + "\"}"));
    BOOST_TEST(r.outcome == verdict::misconfigured);
    BOOST_TEST(r.said.error.size() == 64u);
    BOOST_TEST(r.said.error_description.size() == 256u);
    BOOST_TEST(r.said.error_uri.size() == 256u);
    BOOST_TEST(r.said.error_description.starts_with("?[31m??Injected: ??xxx"));
}

BOOST_AUTO_TEST_CASE(a_secret_that_the_server_echoes_is_masked)
{
    const auto g = grant::refresh_token("initial-token");
    const http_response echo = answer(
        400, R"({"error":"no-gX1fBat3bV","error_description":"token current-token (was initial-token) of gX1fBat3bV",)"
             R"("error_uri":"https://x/?t=current-token","refresh_token":"echoed-token"})");
    const auto r = core::parse_token_response(transport_outcome(echo), client(), g, now, "current-token");
    BOOST_TEST(r.said.error == "no-***");
    BOOST_TEST(r.said.error_description == "token *** (was ***) of ***");
    BOOST_TEST(r.said.error_uri == "https://x/?t=***");
    BOOST_TEST(r.refresh_token.empty()); // an error brings no tokens
    // also in the forms in which they were sent, and those of tokens that the server looked up
    const auto odd = client_registration("https://server.example.com/token", "client").client_secret_basic("g/X+1f B");
    const std::string basic(core::make_token_request(odd, g, "a b/c=d").fields().find("Authorization"));
    const auto forms = core::parse_token_response(
        transport_outcome(answer(400, R"({"error":"invalid_grant","error_description":"refresh_token=a+b%2Fc%3Dd )" +
                                          basic +
                                          R"( client_secret=g%2fX%2b1f%20B",)"
                                          R"("error_uri":"https://x/?at=at%2F1","access_token":"at/1"})")),
        odd, g, now, "a b/c=d");
    BOOST_TEST(forms.said.error_description == "refresh_token=*** " + basic.substr(0, 6 + 10) + "***" +
                                                   basic.substr(basic.size() - 3) + " client_secret=***");
    BOOST_TEST(forms.said.error_uri == "https://x/?at=***");
    // also when the secret stands astride the limit
    const auto cut =
        core::parse_token_response(transport_outcome(answer(400, R"({"error":"x","error_description":")" +
                                                                     std::string(250, 'x') + "current-token\"}")),
                                   client(), g, now, "current-token");
    BOOST_TEST(cut.said.error_description == std::string(250, 'x') + "***");
}
