// What is wrong with a registration or a grant. A mistake found here is told once, at construction, in words; the same
// mistake found by a server costs an exchange and is told in `invalid_client`.
#include "core/text.hpp"
#include "core/token_request.hpp"
#include "core/url.hpp"

#include <boost/url/parse.hpp>

#include <algorithm>
#include <array>

namespace afresh::core {
namespace {

config_fault invalid(std::string text) { return {errc::invalid_argument, std::move(text)}; }

// No text here quotes a value: the user information of a URL, or a secret put into the wrong field, would be in it.
config_fault check_endpoint(const std::string& name, const std::string& url, const client_registration& registration)
{
    if (url.find('#') != std::string::npos)
        return invalid(name + ": has a fragment, which RFC 6749 3.2 forbids; remove '#' and what follows");
    const auto parts = parse_url(url);
    if (!parts)
        return invalid(name + ": is not an absolute https URL without user information; "
                              "write it as https://host/path, credentials go into client_secret_basic()");
    if (!parts->is_https() && !parts->is_loopback() && !registration.plain_http_allowed())
        return {errc::insecure_url, name + ": is plain http, which shows the credentials to everybody on the way; "
                                           "use https (or allow_plain_http_for_tests(), in a test)"};
    return {};
}

config_fault check_endpoints(const client_registration& registration)
{
    const std::string& token = registration.token_endpoint();
    if (token.empty()) return invalid("token_endpoint: is empty; give the absolute https URL of the token endpoint");
    if (auto fault = check_endpoint("token_endpoint", token, registration)) return fault;
    const std::string& revocation = registration.revocation_endpoint();
    return revocation.empty() ? config_fault() : check_endpoint("revocation_endpoint", revocation, registration);
}

// The only audience of an assertion.
config_fault check_issuer(const client_registration& registration)
{
    if (registration.issuer().empty())
        return invalid("issuer: is empty; a client that signs assertions must name the server they are for "
                       "(RFC 7523 3): give issuer(), or make the registration of what discover() found");
    return {};
}

// RFC 6749 appendix A.1 and A.2: both are made of VSCHAR.
config_fault check_credentials(const client_registration& registration)
{
    const auto method = registration.authentication();
    if (registration.client_id().empty())
        return invalid("client_id: is empty; give the id this client is registered with");
    if (!is_vschar(registration.client_id()))
        return invalid(
            "client_id: has a character that is not printable ASCII (RFC 6749 A.1); look for a stray line end");
    switch (method) {
    case client_authentication::none:
    case client_authentication::tls_client_auth:
    case client_authentication::self_signed_tls_client_auth: return {};
    case client_authentication::private_key_jwt:
        if (!registration.key()) return invalid("private_key_jwt: has no key; give a signing_key");
        return check_issuer(registration);
    default: break;
    }
    if (registration.client_secret().empty())
        return invalid("client_secret: is empty; give the secret, or use no client authentication for a public client");
    if (!is_vschar(registration.client_secret().reveal()))
        return invalid("client_secret: has a character that is not printable ASCII (RFC 6749 A.2); "
                       "look for a stray line end");
    if (method == client_authentication::client_secret_jwt) {
        if (registration.client_secret().size() < 32) // RFC 7518 3.2
            return invalid("client_secret: has fewer than 32 characters, too few to sign with (RFC 7518 3.2)");
        return check_issuer(registration);
    }
    if (method == client_authentication::client_secret_basic_raw &&
        registration.client_id().find(':') != std::string::npos)
        return invalid("client_id: has a ':', which raw Basic cannot carry (RFC 7617 2); use client_secret_basic()");
    return {};
}

// What this library sends itself, now or in another flow. Some servers read names without regard to case, so "Scope"
// would override as well.
constexpr std::array<std::string_view, 12> own_parameters{
    "grant_type", "refresh_token", "client_id", "client_secret", "client_assertion", "client_assertion_type",
    "scope",      "resource",      "code",      "code_verifier", "redirect_uri",     "device_code"};

// RFC 6749 8.2: param-name = 1*name-char
bool is_parameter_name(std::string_view name) noexcept
{
    constexpr std::string_view name_chars = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    return !name.empty() && name.find_first_not_of(name_chars) == std::string_view::npos;
}

} // namespace

config_fault check_parameters(const std::vector<http_field>& parameters, std::span<const std::string_view> own)
{
    for (auto p = parameters.begin(); p != parameters.end(); ++p) {
        if (!is_parameter_name(p->name))
            return invalid("parameter: a name is empty or has a character other than letters, digits, '-', '.' and '_' "
                           "(RFC 6749 8.2)");
        if (std::any_of(own.begin(), own.end(), [&](std::string_view o) { return iequals(o, p->name); }))
            return invalid("parameter: '" + p->name + "' is sent by the library itself; use the setter for it");
        if (std::any_of(parameters.begin(), p, [&](const http_field& q) { return iequals(q.name, p->name); }))
            return invalid("parameter: '" + p->name + "' is given twice, which RFC 6749 3.2 forbids");
    }
    return {};
}

config_fault check_scope(const std::string& scope)
{
    if (scope.empty() || is_scope(scope)) return {};
    return invalid("scope: is not a list of scope tokens separated by single spaces (RFC 6749 3.3)");
}

// An absolute URI of RFC 3986 4.3 has no fragment.
config_fault check_resource(const std::string& uri)
{
    if (boost::urls::parse_absolute_uri(uri)) return {};
    return invalid("resource: is not an absolute URI without fragment (RFC 8707 2); write https://api.example.com/");
}

config_fault check(const client_registration& registration)
{
    if (auto fault = check_endpoints(registration)) return fault;
    if (auto fault = check_credentials(registration)) return fault;
    for (const unsigned status : registration.refused_statuses())
        if (status < 400 || status > 499 || status == 429)
            return invalid("refused_status: only a 4xx other than 429 can mean that a grant is refused");
    return {};
}

config_fault check(const grant& grant)
{
    // RFC 6749 A.17. Form encoding would carry anything; but a line end read along with a token from a file is the most
    // common way to have a good token refused.
    if (!is_vschar(grant.token().reveal()))
        return invalid("refresh_token: has a character that is not printable ASCII (RFC 6749 A.17); "
                       "look for a stray line end");
    if (auto fault = check_scope(grant.scope())) return fault;
    if (!grant.resource().empty())
        if (auto fault = check_resource(grant.resource())) return fault;
    if (grant.type() == grant::kind::extension && (!grant.further() || !boost::urls::parse_absolute_uri(grant.name())))
        return invalid("grant: an extension grant needs an absolute URI as its name (RFC 6749 4.5) and its parameters");
    return check_parameters(grant.parameters(), own_parameters);
}

config_fault check(const client_registration& registration, const grant& grant)
{
    if (auto fault = check(registration)) return fault;
    if (auto fault = check(grant)) return fault;
    if (grant.type() == grant::kind::client_credentials && registration.authentication() == client_authentication::none)
        return invalid("client_secret: client credentials need a client that proves who it is (RFC 6749 4.4); "
                       "use client_secret_basic()");
    return {};
}

config_fault check(const token_set& tokens, bool wants_dpop)
{
    if (tokens.access_token().empty() && tokens.refresh_token().empty())
        return invalid("token_set: has neither an access token nor a refresh token");
    if (!is_vschar(tokens.refresh_token().reveal()))
        return invalid("refresh_token: has a character that is not printable ASCII (RFC 6749 A.17); "
                       "look for a stray line end");
    if (tokens.access_token().empty()) return {};
    if (!is_b64token(tokens.access_token().reveal()))
        return invalid("access_token: has a character that no Authorization header can carry (RFC 6750 2.1)");
    // RFC 6749 7.1: a client must not use a token whose type it does not understand.
    const bool bound = static_cast<bool>(tokens.dpop_key());
    if (!iequals(tokens.token_type(), bound ? "DPoP" : "Bearer"))
        return invalid("token_type: is neither Bearer, nor DPoP with the dpop_key that the token is bound to");
    if (wants_dpop && !bound)
        return invalid("dpop_key: is missing, and this client's tokens are bound to one (dpop_bound_access_tokens)");
    return {};
}

} // namespace afresh::core
