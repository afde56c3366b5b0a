#pragma once
/// @file
/// Asking a server what it knows of a token (RFC 7662).

#include <afresh/client_registration.hpp>
#include <afresh/provider.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/sign_in_error.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace afresh {

/// What a server said of a token. Not to be kept beyond `expires_at`.
struct AFRESH_EXPORT introspection {
    introspection() = default;
    /// Only if the server said `true`, and nothing that looks like it; all else is then empty.
    bool active{};
    std::string scope, client_id, username, subject, issuer, token_type;
    std::optional<std::chrono::system_clock::time_point> expires_at;
    std::string claims; ///< everything, as JSON
};

/// Asks the provider's `introspection_endpoint`; the client proves who it is as at the token endpoint. An access token is
/// shown to its own server only: give the provider that issued it.
///
/// @par Errors        Thrown as `sign_in_error`: errc::misconfigured (no such endpoint, or it refuses this client),
///                    errc::malformed_response, errc::temporarily_unavailable.
/// @par Cancellation  none.
AFRESH_EXPORT asio::awaitable<introspection> introspect(provider server, client_registration client,
                                                        secret_string token);

} // namespace afresh
