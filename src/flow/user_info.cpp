#include <afresh/user_info.hpp>

#include "core/authorization_request.hpp"
#include "core/challenge.hpp"
#include "core/strict_json.hpp"
#include "core/url.hpp"
#include "flow/fetch.hpp"
#include "flow/provider_state.hpp"
#include "source/prover.hpp"
#include "source/snapshot.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace afresh {
namespace {

[[noreturn]] void fail(error_code ec, const std::string& why) { throw sign_in_error(ec, "user_info: " + why); }

// The token, with a proof if it is bound to a key; and another proof if the server wants that (RFC 9449 9).
asio::awaitable<transport_outcome> show(detail::provider_state& server, access_token token, std::string url)
{
    using core::proof_reader;
    const auto key = token.data().key;
    const auto to = core::parse_url(url);
    for (bool last = !key;; last = true) {
        http_request request = detail::get_json(url);
        request.field("Authorization", token.authorization());
        if (key) {
            detail::proof_use use(proof_reader::resource_server, "GET", *to, server.now().wall);
            use.ath = token.data().ath;
            request.field("DPoP", co_await key->prove(std::move(use)));
        }
        transport_outcome outcome = co_await detail::ask(*server.transport(), std::move(request));
        if (last || outcome.ec) co_return outcome;
        const http_response& answer = outcome.response;
        key->learn(proof_reader::resource_server, to->origin, answer.fields(), server.now().wall);
        if (core::classify_challenge(answer.status(), answer.fields()) != core::challenge_action::prove_again)
            co_return outcome;
    }
}

} // namespace

asio::awaitable<std::string> user_info(provider server, access_token token, std::string subject)
{
    const std::shared_ptr<detail::provider_state> state = server.implementation();
    const server_metadata known = co_await state->metadata();
    if (known.userinfo_endpoint.empty()) fail(errc::misconfigured, "the server has no userinfo_endpoint");
    const transport_outcome outcome = co_await show(*state, std::move(token), known.userinfo_endpoint);
    if (outcome.ec) fail(errc::temporarily_unavailable, detail::text_of(outcome));
    switch (outcome.response.status()) {
    case 200: break;
    case 401: fail(errc::sign_in_required, "the token is refused"); break;
    case 403: fail(errc::misconfigured, "the token was not issued for the scope openid");
    default: fail(errc::temporarily_unavailable, detail::text_of(outcome));
    }
    const auto claims = core::strict_object(outcome.response.body());
    if (!claims) fail(errc::malformed_response, "the answer is not one JSON object");
    if (core::text_member(*claims, "sub") != subject || subject.empty())
        fail(errc::invalid_id_token, "sub: the answer is about somebody else (OpenID Connect Core 5.3.2)");
    co_return boost::json::serialize(*claims);
}

std::string logout_url(const server_metadata& server, const logout_options& options)
{
    if (server.end_session_endpoint.empty()) return {};
    core::parameters all;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) all.emplace_back(name, value);
    };
    add("id_token_hint", options.id_token_hint);
    add("client_id", options.client_id);
    add("post_logout_redirect_uri", options.post_logout_redirect_uri);
    add("state", options.state);
    return all.empty() ? server.end_session_endpoint : core::url_with(server.end_session_endpoint, all);
}

} // namespace afresh
