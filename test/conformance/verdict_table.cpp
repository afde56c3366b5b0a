// Every row of the table that decides what happens to a refresh token, for both grants.
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace afresh;
using namespace afresh::test;

namespace {

struct row {
    std::string_view name;
    transport_outcome outcome;
    verdict refresh;     // for a refresh token
    verdict credentials; // for client credentials
    error_code cause;    // for a refresh token
    bool after_5xx = false;
};

transport_outcome with(http_response r, std::string name, std::string value)
{
    http_fields fields = r.fields();
    fields.add(std::move(name), std::move(value));
    return transport_outcome(http_response(r.status(), fields, r.body()));
}

transport_outcome error(unsigned status, std::string_view code)
{
    return transport_outcome(answer(status, R"({"error":")" + std::string(code) + "\"}"));
}

std::vector<row> table()
{
    const error_code later = errc::temporarily_unavailable, wrong = errc::misconfigured,
                     sign_in = errc::sign_in_required, malformed = errc::malformed_response;
    const auto tokens = R"({"access_token":"at","token_type":"Bearer","refresh_token":"new"})";
    using v = verdict;
    std::vector<row> rows{
        {"success", transport_outcome(answer(200, tokens)), v::ok, v::ok, {}},
        {"unknown token type", transport_outcome(answer(200, R"({"access_token":"at","token_type":"mac"})")),
         v::quarantined, v::quarantined, malformed},
        {"empty success", transport_outcome(answer(200, "")), v::in_doubt, v::transient, malformed},
        {"login page", transport_outcome(answer(200, "<html>", "text/html")), v::in_doubt, v::transient, malformed},
        {"no name", transport_outcome(errc::resolve_failed, false), v::not_sent, v::not_sent, later},
        {"no connection", transport_outcome(errc::connect_failed, false), v::not_sent, v::not_sent, later},
        {"no handshake", transport_outcome(errc::tls_failed, false), v::not_sent, v::not_sent, later},
        {"lease lost", transport_outcome(errc::store_failed, false), v::not_sent, v::not_sent, later},
        {"reset", transport_outcome(errc::connection_lost, true), v::in_doubt, v::transient, later},
        {"silence", transport_outcome(errc::first_byte_timed_out, true), v::in_doubt, v::transient, later},
        {"too large", transport_outcome(errc::body_limit, true), v::in_doubt, v::transient, later},
        {"not http", transport_outcome(errc::malformed_http, true), v::in_doubt, v::transient, later},
        {"informational", transport_outcome(answer(103, "")), v::in_doubt, v::transient, later},
        {"no status", transport_outcome(answer(0, "")), v::in_doubt, v::transient, later},
        {"odd status", transport_outcome(answer(999, "")), v::in_doubt, v::transient, later},
        {"redirect", with(answer(307, ""), "Location", "https://elsewhere.example/"), v::in_doubt, v::transient, later},
        {"redirect with an error", error(302, "invalid_grant"), v::in_doubt, v::transient, later},
        {"redirect with tokens", transport_outcome(answer(302, tokens)), v::in_doubt, v::transient, later},
        {"invalid_grant", error(400, "invalid_grant"), v::refused, v::misconfigured, sign_in},
        {"invalid_grant in a 200", error(200, "invalid_grant"), v::refused, v::misconfigured, sign_in},
        {"invalid_grant in a 401", error(401, "invalid_grant"), v::refused, v::misconfigured, sign_in},
        {"invalid_grant in a 500", error(500, "invalid_grant"), v::refused, v::misconfigured, sign_in},
        {"INVALID_GRANT", error(400, "INVALID_GRANT"), v::transient, v::transient, later},
        {"invalid_client", error(401, "invalid_client"), v::misconfigured, v::misconfigured, wrong},
        {"invalid_client in a 400", error(400, "invalid_client"), v::misconfigured, v::misconfigured, wrong},
        {"unauthorized_client", error(400, "unauthorized_client"), v::misconfigured, v::misconfigured, wrong},
        {"unsupported_grant_type", error(400, "unsupported_grant_type"), v::misconfigured, v::misconfigured, wrong},
        {"invalid_scope", error(400, "invalid_scope"), v::misconfigured, v::misconfigured, wrong},
        {"invalid_dpop_proof", error(400, "invalid_dpop_proof"), v::misconfigured, v::misconfigured, wrong},
        {"use_dpop_nonce", error(400, "use_dpop_nonce"), v::misconfigured, v::misconfigured, wrong},
        {"another OAuth error", error(400, "interaction_required"), v::misconfigured, v::misconfigured, wrong},
        {"another OAuth error in a 401", error(401, "token_revoked"), v::misconfigured, v::misconfigured, wrong},
        {"another OAuth error in a 200", error(200, "incorrect_client_credentials"), v::misconfigured, v::misconfigured,
         wrong},
        {"invalid_target", error(400, "invalid_target"), v::doubtful_misconfigured, v::misconfigured, wrong},
        {"invalid_authorization_details", error(400, "invalid_authorization_details"), v::doubtful_misconfigured,
         v::misconfigured, wrong},
        {"invalid_request", error(400, "invalid_request"), v::invalid_request, v::invalid_request, later},
        {"slow_down", error(400, "slow_down"), v::throttled, v::throttled, later},
        {"429", transport_outcome(answer(429, "")), v::throttled, v::throttled, later},
        {"429 with an error", error(429, "invalid_grant"), v::throttled, v::throttled, later},
        {"503 with Retry-After", with(answer(503, ""), "Retry-After", "7"), v::throttled, v::throttled, later},
        {"503 with Retry-After and an error",
         with(answer(503, R"({"error":"temporarily_unavailable"})"), "Retry-After", "7"), v::throttled, v::throttled,
         later},
        {"temporarily_unavailable", error(400, "temporarily_unavailable"), v::in_doubt, v::transient, later, true},
        {"server_error", error(400, "server_error"), v::in_doubt, v::transient, later, true},
        {"server_error in a 200", error(200, "server_error"), v::in_doubt, v::transient, later, true},
        {"an unknown error in a 500", error(500, "database_error"), v::in_doubt, v::transient, later, true},
        {"bare 401", transport_outcome(answer(401, "", "")), v::unauthorized, v::misconfigured, later},
    };
    for (const unsigned status : {500u, 501u, 502u, 503u, 504u, 599u})
        rows.push_back({"5xx", transport_outcome(answer(status, "")), v::in_doubt, v::transient, later, true});
    for (const unsigned status : {400u, 403u, 404u, 405u, 408u, 413u, 415u, 451u, 499u})
        rows.push_back({"4xx", transport_outcome(answer(status, "")), v::transient, v::transient, later});
    return rows;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_answer_to_a_refresh_has_its_verdict)
{
    for (const row& r : table()) {
        const auto got = core::parse_token_response(r.outcome, client(), refreshing(), now);
        BOOST_TEST_CONTEXT(r.name << ", status " << r.outcome.response.status())
        {
            BOOST_TEST(got.outcome == r.refresh);
            BOOST_TEST(got.cause == r.cause);
            BOOST_TEST(got.after_5xx == r.after_5xx);
            BOOST_TEST(got.said.http_status == (r.outcome.ec ? 0u : r.outcome.response.status()));
            BOOST_TEST(got.access_token.empty() == (r.refresh != verdict::ok));
        }
    }
}

BOOST_AUTO_TEST_CASE(client_credentials_are_never_in_doubt_and_never_ask_for_a_sign_in)
{
    for (const row& r : table()) {
        const auto got = core::parse_token_response(r.outcome, client(), grant::client_credentials(), now);
        BOOST_TEST_CONTEXT(r.name << ", status " << r.outcome.response.status())
        {
            BOOST_TEST(got.outcome == r.credentials);
            BOOST_TEST(!got.after_5xx);
            BOOST_TEST((got.cause != condition::sign_in));
            BOOST_TEST(got.cause.failed() == (got.outcome != verdict::ok));
        }
    }
    const auto bad_body = read(answer(200, "<html>"), grant::client_credentials());
    BOOST_TEST((bad_body.cause == errc::malformed_response));
}

BOOST_AUTO_TEST_CASE(a_status_named_in_the_registration_is_a_refused_grant)
{
    const auto c = client().refused_status(403);
    for (const auto type : {"", "text/html", "application/json"})
        BOOST_TEST(read(answer(403, "no", type), refreshing(), c).outcome == verdict::refused);
    BOOST_TEST(read(answer(403, "no"), grant::client_credentials(), c).outcome == verdict::misconfigured);
    BOOST_TEST(read(answer(403, R"({"error":"invalid_scope"})"), refreshing(), c).outcome == verdict::misconfigured);
    BOOST_TEST(read(answer(403, R"({"error":"x","error":"y"})"), refreshing(), c).outcome == verdict::in_doubt);
}
