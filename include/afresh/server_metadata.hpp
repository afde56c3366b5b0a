#pragma once
/// @file
/// What an authorization server says of itself.

#include <afresh/export.hpp>

#include <string>
#include <vector>

namespace afresh {

/// Authorization server metadata (RFC 8414 2, OpenID Connect Discovery 3): the part that a client acts on. All URLs have
/// been checked: https (http on loopback only), no user information, no fragment. An empty text or list: not said.
struct AFRESH_EXPORT server_metadata {
    server_metadata() = default;

    std::string issuer; ///< exactly as asked for
    std::string authorization_endpoint;
    std::string token_endpoint;
    std::string userinfo_endpoint;
    std::string jwks_uri;
    std::string revocation_endpoint;
    std::string introspection_endpoint;
    std::string device_authorization_endpoint;         ///< RFC 8628 4
    std::string pushed_authorization_request_endpoint; ///< RFC 9126 5
    std::string end_session_endpoint;                  ///< OpenID Connect RP-Initiated Logout 2.1

    std::vector<std::string> scopes_supported;
    std::vector<std::string> response_types_supported;
    std::vector<std::string> grant_types_supported;
    std::vector<std::string> token_endpoint_auth_methods_supported;
    std::vector<std::string> id_token_signing_alg_values_supported;
    std::vector<std::string> code_challenge_methods_supported; ///< RFC 7636; empty says nothing
    std::vector<std::string> dpop_signing_alg_values_supported;

    /// RFC 9207 3: a response without `iss` is then not this server's.
    bool authorization_response_iss_parameter_supported{};
    bool require_pushed_authorization_requests{}; ///< RFC 9126 5

    /// The same for a client that shows a certificate: endpoints in `mtls_endpoint_aliases` take the place of the others
    /// (RFC 8705 5).
    server_metadata with_mtls_aliases() const;

    struct AFRESH_EXPORT alias {
        std::string name; ///< such as `token_endpoint`
        std::string url;
    };
    std::vector<alias> mtls_endpoint_aliases;
};

} // namespace afresh
