#include "core/token_request.hpp"

#include "core/client_form.hpp"

#include <utility>

namespace afresh::core {
namespace {

std::size_t room_for(const client_registration& registration, const grant& grant, const secret_string& refresh_token,
                     const request_extras& extras)
{
    std::size_t raw = refresh_token.size() + extras.assertion.size() + grant.name().size() + grant.scope().size() +
                      grant.resource().size();
    for (const auto& p : grant.parameters()) raw += p.name.size() + p.value.size() + 2;
    for (const auto& p : extras.further) raw += p.name.size() + p.value.size() + 2;
    return form_room(registration, raw);
}

} // namespace

http_request make_token_request(const client_registration& registration, const grant& grant,
                                const secret_string& refresh_token, const request_extras& extras)
{
    http_request request = form_post(registration.token_endpoint());
    std::string body;
    body.reserve(room_for(registration, grant, refresh_token, extras));
    append_pair(body, "grant_type", grant.name());
    if (grant.spends()) append_pair(body, "refresh_token", refresh_token.reveal()); // RFC 6749 6
    for (const auto& p : extras.further) append_pair(body, p.name, p.value);
    if (!grant.scope().empty()) append_pair(body, "scope", grant.scope());
    if (!grant.resource().empty()) append_pair(body, "resource", grant.resource());

    authenticate(request, body, registration, extras.assertion);
    for (const auto& p : grant.parameters()) append_pair(body, p.name, p.value);
    if (!extras.proof.empty()) request.field("DPoP", extras.proof);
    request.body(std::move(body));
    return request;
}

} // namespace afresh::core
