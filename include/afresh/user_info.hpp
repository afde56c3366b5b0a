#pragma once
/// @file
/// What a provider tells of a user, and where a user signs out (OpenID Connect).

#include <afresh/access_token.hpp>
#include <afresh/provider.hpp>
#include <afresh/sign_in_error.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace afresh {

/// The claims of the UserInfo endpoint (OpenID Connect Core 5.3) as JSON. `subject` is `signed_in::subject`: an answer about
/// anybody else is not used (5.3.2).
///
/// @par Errors        Thrown as `sign_in_error`: errc::misconfigured (no such endpoint, or a token without the scope openid),
///                    errc::sign_in_required (the token is refused), errc::invalid_id_token (about somebody else),
///                    errc::malformed_response (a signed or encrypted answer too), errc::temporarily_unavailable.
/// @par Cancellation  none.
AFRESH_EXPORT asio::awaitable<std::string> user_info(provider server, access_token token, std::string subject);

/// What `logout_url()` says.
struct logout_options {
    std::string id_token_hint{};            ///< the ID token that was issued to this client
    std::string post_logout_redirect_uri{}; ///< as registered; empty: the user stays there
    std::string state{};                    ///< comes back with the user
    std::string client_id{};                ///< needed without a hint
};

/// Where to send a user's browser to sign out at the provider (OpenID Connect RP-Initiated Logout 2). Empty: it has no
/// `end_session_endpoint`. The tokens are another matter: `token_source::sign_out()`.
AFRESH_EXPORT std::string logout_url(const server_metadata& server, const logout_options& options);

} // namespace afresh
