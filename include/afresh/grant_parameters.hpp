#pragma once
/// @file
/// Grants besides refresh token and client credentials (RFC 6749 4.5).

#include <afresh/grant.hpp>
#include <afresh/http_message.hpp>
#include <afresh/signing_key.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace afresh {

/// What an extension grant adds to the form of a token request: implement it for a grant of your own, such as a SAML
/// assertion (RFC 7522): `grant::extension("urn:ietf:params:oauth:grant-type:saml2-bearer", ...)`.
///
/// @par Thread safety Called on the chain's strand; concurrently when several sources share the object.
class AFRESH_EXPORT grant_parameters {
public:
    virtual ~grant_parameters() = default;
    /// The form's parameters besides `grant_type`, scope, resource and what proves who the client is. Asked before each
    /// request, since most assertions are good once. The values are masked in diagnostics. An exception means that
    /// nothing is sent, and that it is tried again under backoff.
    virtual asio::awaitable<std::vector<http_field>> next() = 0;
};

/// The claims of a JWT that is a grant (RFC 7523 3).
struct jwt_bearer_options {
    std::string issuer{};   ///< `iss`: for most servers the client id, or the service account
    std::string subject{};  ///< `sub`: for whom; empty: the issuer itself
    std::string audience{}; ///< `aud`: the server's issuer identifier, or what it asks for instead
    std::string scope{};    ///< `scope`, for servers that want it in the assertion (Google); empty: not in it
    std::chrono::seconds lifetime{60}; ///< up to 3600
};

/// RFC 7523 2.1: an assertion of this program's own, signed anew for each request.
/// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument`; the text names the field.
AFRESH_EXPORT grant jwt_bearer(signing_key key, jwt_bearer_options options);

/// What is exchanged (RFC 8693 2.1).
struct token_exchange_options {
    std::string subject_token_type = "urn:ietf:params:oauth:token-type:access_token";
    std::string requested_token_type{}; ///< empty: the server chooses
    std::string audience{};             ///< the logical name of the target; its URI goes into `grant::resource()`
    std::string actor_token_type{};     ///< needed with an actor: as `subject_token_type`
};

/// RFC 8693: another token, for another place, in return for the subject's, which is kept fresh by a source of its own.
/// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument`; the text names the field.
AFRESH_EXPORT grant token_exchange(token_source subject, token_exchange_options options = {});
/// The same for an actor that acts on the subject's behalf (RFC 8693 4.1, delegation).
AFRESH_EXPORT grant token_exchange(token_source subject, token_source actor, token_exchange_options options = {});

} // namespace afresh
