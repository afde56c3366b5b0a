#include <afresh/introspection.hpp>

#include "core/authorization_request.hpp"
#include "core/strict_json.hpp"
#include "flow/fetch.hpp"
#include "flow/provider_state.hpp"
#include "flow/redeemed.hpp"
#include "source/signing.hpp"

#include <boost/json/serialize.hpp>

#include <utility>

namespace afresh {
namespace {

[[noreturn]] void fail(error_code ec, const std::string& why) { throw sign_in_error(ec, "introspection: " + why); }

// RFC 7662 2.2
introspection read(const boost::json::object& o)
{
    if (!o.contains("active") || !o.at("active").is_bool())
        fail(errc::malformed_response, "the answer does not say whether the token is active");
    introspection out;
    out.active = core::true_member(o, "active");
    if (!out.active) return out; // nothing else that is said of it means anything
    out.scope = core::text_member(o, "scope");
    out.client_id = core::text_member(o, "client_id");
    out.username = core::text_member(o, "username");
    out.subject = core::text_member(o, "sub");
    out.issuer = core::text_member(o, "iss");
    out.token_type = core::text_member(o, "token_type");
    if (const auto exp = core::date_member(o, "exp"))
        out.expires_at = std::chrono::system_clock::time_point(std::chrono::seconds(*exp));
    out.claims = boost::json::serialize(o);
    return out;
}

} // namespace

asio::awaitable<introspection> introspect(provider server, client_registration client, secret_string token)
{
    const std::shared_ptr<detail::provider_state> state = server.implementation();
    const server_metadata known = co_await state->metadata();
    if (known.introspection_endpoint.empty()) fail(errc::misconfigured, "the server has no introspection_endpoint");
    if (client.issuer() != known.issuer)
        fail(errc::invalid_argument, "the registration is at another server, which must not see the token");
    core::parameters form;
    form.emplace_back("token", std::string(token.reveal()));
    form.emplace_back("token_type_hint", "access_token");
    const auto now = state->now().wall;
    const secret_string assertion = co_await detail::client_assertion(client, now);
    http_request request = core::form_of(known.introspection_endpoint, client, form, assertion);
    wipe(form.front().value);
    const transport_outcome outcome = co_await detail::ask(*state->transport(), std::move(request));
    co_return read(detail::require_object(outcome, {*state, client}, "introspection", token.reveal()));
}

} // namespace afresh
