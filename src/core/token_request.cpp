#include "core/token_request.hpp"

#include "core/text.hpp"

#include <utility>

namespace afresh::core {
namespace {

void append_pair(std::string& out, std::string_view name, std::string_view value)
{
    if (!out.empty()) out += '&';
    append_form_encoded(out, name);
    out += '=';
    append_form_encoded(out, value);
}

// Enough for every character to be escaped: a string that grows leaves copies of the secrets in it behind.
std::size_t room_for(const client_registration& registration, const grant& grant, const secret_string& refresh_token)
{
    std::size_t raw = 256 + refresh_token.size() + grant.scope().size() + grant.resource().size() +
                      registration.client_id().size() + registration.client_secret().size();
    for (const auto& p : grant.parameters()) raw += p.name.size() + p.value.size() + 2;
    return 3 * raw;
}

// RFC 6749 2.3.1: id and secret are form-encoded, joined by a colon, and then given to Basic (RFC 7617 2).
std::string basic_credentials(const client_registration& registration)
{
    const bool raw = registration.authentication() == client_authentication::client_secret_basic_raw;
    const std::string_view id = registration.client_id();
    const std::string_view secret = registration.client_secret().reveal();

    std::string pair;
    pair.reserve(3 * (id.size() + secret.size()) + 1);
    if (raw)
        pair.append(id).append(1, ':').append(secret);
    else {
        append_form_encoded(pair, id);
        pair += ':';
        append_form_encoded(pair, secret);
    }
    std::string encoded = base64(pair);
    wipe(pair);

    std::string value;
    value.reserve(6 + encoded.size());
    value.append("Basic ").append(encoded);
    wipe(encoded);
    return value;
}

} // namespace

http_request make_token_request(const client_registration& registration, const grant& grant,
                                const secret_string& refresh_token)
{
    http_request request("POST", registration.token_endpoint());
    request.field("Accept", "application/json");
    request.field("Content-Type", "application/x-www-form-urlencoded");

    std::string body;
    body.reserve(room_for(registration, grant, refresh_token));
    switch (grant.type()) {
    case grant::kind::refresh_token: // RFC 6749 6
        append_pair(body, "grant_type", "refresh_token");
        append_pair(body, "refresh_token", refresh_token.reveal());
        break;
    case grant::kind::client_credentials: // RFC 6749 4.4.2
        append_pair(body, "grant_type", "client_credentials");
        break;
    }
    if (!grant.scope().empty()) append_pair(body, "scope", grant.scope());
    if (!grant.resource().empty()) append_pair(body, "resource", grant.resource());

    switch (registration.authentication()) {
    case client_authentication::none: append_pair(body, "client_id", registration.client_id()); break;
    case client_authentication::client_secret_post:
        append_pair(body, "client_id", registration.client_id());
        append_pair(body, "client_secret", registration.client_secret().reveal());
        break;
    case client_authentication::client_secret_basic:
    case client_authentication::client_secret_basic_raw:
        request.field("Authorization", basic_credentials(registration));
        break;
    }
    for (const auto& p : grant.parameters()) append_pair(body, p.name, p.value);
    request.body(std::move(body));
    return request;
}

} // namespace afresh::core
