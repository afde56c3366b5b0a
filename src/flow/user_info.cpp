#include <afresh/user_info.hpp>

#include "core/authorization_request.hpp"
#include "core/strict_json.hpp"
#include "flow/fetch.hpp"
#include "flow/provider_state.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace afresh {
namespace {

[[noreturn]] void fail(error_code ec, const std::string& why) { throw sign_in_error(ec, "user_info: " + why); }

} // namespace

asio::awaitable<std::string> user_info(provider server, access_token token, std::string subject)
{
    const std::shared_ptr<detail::provider_state> state = server.implementation();
    const server_metadata known = co_await state->metadata();
    if (known.userinfo_endpoint.empty()) fail(errc::misconfigured, "the server has no userinfo_endpoint");
    http_request request = detail::get_json(known.userinfo_endpoint);
    request.field("Authorization", token.authorization());
    const transport_outcome outcome = co_await detail::ask(*state->transport(), std::move(request));
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
