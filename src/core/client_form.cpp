#include "core/client_form.hpp"

#include "core/text.hpp"

#include <utility>

namespace afresh::core {
namespace {

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

http_request form_post(const std::string& url)
{
    http_request request("POST", url);
    request.field("Accept", "application/json");
    request.field("Content-Type", "application/x-www-form-urlencoded");
    return request;
}

void append_pair(std::string& out, std::string_view name, std::string_view value)
{
    if (!out.empty()) out += '&';
    append_form_encoded(out, name);
    out += '=';
    append_form_encoded(out, value);
}

std::size_t form_room(const client_registration& registration, std::size_t raw)
{
    return 3 * (512 + registration.client_id().size() + registration.client_secret().size() + raw);
}

void authenticate(http_request& request, std::string& form, const client_registration& registration,
                  const secret_string& assertion)
{
    switch (registration.authentication()) {
    case client_authentication::none:
    case client_authentication::tls_client_auth: // RFC 8705 2: the server needs the id to know whose certificate it is
    case client_authentication::self_signed_tls_client_auth:
        append_pair(form, "client_id", registration.client_id());
        break;
    case client_authentication::client_secret_jwt:
    case client_authentication::private_key_jwt:
        append_pair(form, "client_id", registration.client_id());
        append_pair(form, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        append_pair(form, "client_assertion", assertion.reveal());
        break;
    case client_authentication::client_secret_post:
        append_pair(form, "client_id", registration.client_id());
        append_pair(form, "client_secret", registration.client_secret().reveal());
        break;
    case client_authentication::client_secret_basic:
    case client_authentication::client_secret_basic_raw:
        request.field("Authorization", basic_credentials(registration));
        break;
    }
}

} // namespace afresh::core
