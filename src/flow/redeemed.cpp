// What all sign-ins have in common at their end: an answer of the token endpoint to something that is good once.

#include "core/evidence.hpp"
#include "core/revocation.hpp"
#include "core/strict_json.hpp"
#include "flow/code_flow.hpp"
#include "flow/fetch.hpp"
#include "source/signing.hpp"

#include <utility>

namespace afresh::detail {

std::int64_t seconds_of(std::chrono::system_clock::time_point t)
{
    return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}

boost::json::object require_object(const transport_outcome& outcome, const client_registration& client,
                                   const provider_state& server, const char* what, std::string_view secret)
{
    const std::string begin = std::string(what) + ": ";
    if (outcome.ec) throw sign_in_error(errc::temporarily_unavailable, begin + text_of(outcome));
    const http_response& answer = outcome.response;
    const core::token_json json(answer.body());
    const diagnostics said = core::evidence(client, json, {secret}).said(answer, json, server.now().wall);
    const std::string why = begin + (said.error.empty() ? text_of(outcome) : "the server answered " + said.error);
    if (answer.status() >= 500 || answer.status() == 429) throw sign_in_error(errc::temporarily_unavailable, why, said);
    if (answer.status() != 200 && answer.status() != 201) throw sign_in_error(errc::misconfigured, why, said);
    auto object = core::strict_object(answer.body());
    if (!object) throw sign_in_error(errc::malformed_response, begin + "the answer is not one JSON object", said);
    return *std::move(object);
}

void require_tokens(const core::token_response& got, const transport_outcome& outcome)
{
    using core::verdict;
    const std::string said = got.said.error.empty() ? text_of(outcome) : "the server answered " + got.said.error;
    switch (got.outcome) {
    case verdict::ok: return;
    case verdict::quarantined:
        throw sign_in_error(errc::malformed_response,
                            "the access token must not be used: its type is " + got.token_type, got.said);
    case verdict::in_doubt: throw sign_in_error(errc::sign_in_lost, said, got.said);
    case verdict::refused: throw sign_in_error(errc::sign_in_refused, said, got.said);
    case verdict::misconfigured:
    case verdict::doubtful_misconfigured:
    case verdict::unauthorized:
    case verdict::invalid_request: throw sign_in_error(errc::misconfigured, said, got.said);
    case verdict::not_sent:
    case verdict::throttled:
    case verdict::transient: throw sign_in_error(errc::temporarily_unavailable, said, got.said);
    }
}

token_set tokens_of(const core::token_response& got)
{
    return token_set()
        .access_token(got.access_token)
        .refresh_token(got.refresh_token)
        .id_token(got.id_token)
        .token_type(got.token_type)
        .scope(got.scope)
        .expires_in(got.expires_in);
}

asio::awaitable<void> discard(const client_registration& client, transport& t, secret_string refresh_token,
                              secret_string access_token, std::chrono::system_clock::time_point now)
{
    if (client.revocation_endpoint().empty()) co_return;
    const bool has_refresh = !refresh_token.empty();
    const core::parting_token token{has_refresh ? std::move(refresh_token) : std::move(access_token),
                                    has_refresh ? core::parting_token::kind::refresh_token
                                                : core::parting_token::kind::access_token};
    if (token.value.empty()) co_return;
    try {
        const secret_string assertion = co_await client_assertion(client, now);
        http_request request = core::make_revocation_request(client, token, assertion);
        (void)co_await ask(t, std::move(request));
    } catch (const std::exception&) { // they expire, then
    }
}

} // namespace afresh::detail
