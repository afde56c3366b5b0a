#pragma once
/// @file
/// Signing a user in: the authorization code flow with PKCE (RFC 6749 4.1, RFC 7636, OpenID Connect Core 3).

#include <afresh/client_registration.hpp>
#include <afresh/provider.hpp>
#include <afresh/sign_in_error.hpp>
#include <afresh/sign_in_options.hpp>
#include <afresh/token_set.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace afresh {

namespace detail {
class code_flow;
}

/// A sign-in that has begun.
struct AFRESH_EXPORT started_sign_in {
    started_sign_in() = default;
    std::string url; ///< where to send the user's browser
    /// For `finish()`: state, nonce, code verifier, and the key that tokens are to be bound to. Belongs into the user's session on the server (or an encrypted
    /// cookie), never into a page or a URL: it is what binds the answer to this browser.
    secret_string kept;
    std::string state; ///< as in `url`, to find `kept` by
};

/// A user who is signed in.
struct AFRESH_EXPORT signed_in {
    signed_in() = default;
    token_set tokens;    ///< for `token_source::set_tokens()`, or as the result of `source_options::on_sign_in`
    std::string subject; ///< `sub` of the verified ID token; empty: there was none
    std::string claims;  ///< of the verified ID token, as JSON; empty: there was none
};

/// The authorization code flow for a web application, as two calls to put into its own handlers.
///
/// @par Thread safety Distinct objects: safe, also as copies. Shared objects: safe, except for assignment and destruction.
class AFRESH_EXPORT authorization_code {
public:
    /// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument` or `errc::insecure_url`; the text
    ///                    names the field.
    authorization_code(provider server, client_registration client, sign_in_options options);

    /// Makes the URL, with fresh `state`, `nonce` and PKCE challenge (S256, always).
    /// @par Errors        As `provider::metadata()`; with a pushed request also `errc::misconfigured` (the server refuses
    ///                    it: `sign_in_error::said()`) and `errc::malformed_response`.
    /// @par Cancellation  terminal: the caller stops waiting.
    asio::awaitable<started_sign_in> start() const;

    /// Checks the answer and exchanges the code for tokens. `callback` is what the browser brought: the query, the body of
    /// a `form_post`, or the whole URL. Each answer is good once.
    ///
    /// @par Errors        Thrown as `sign_in_error`:
    ///                    errc::invalid_callback: not the answer to this request. Nothing was sent.
    ///                    errc::sign_in_refused: the user or the server refused; `said()` has its words.
    ///                    errc::sign_in_lost: the code was sent and the answer was lost; it is never sent again.
    ///                    errc::invalid_id_token: the tokens were revoked, as far as the server has an endpoint for it.
    ///                    errc::misconfigured, errc::malformed_response, errc::temporarily_unavailable: start again.
    /// @par Cancellation  none: a code that was sent is waited for.
    asio::awaitable<signed_in> finish(secret_string kept, std::string callback) const;

    /// For the library's own parts.
    const std::shared_ptr<detail::code_flow>& implementation() const noexcept { return impl_; }

private:
    std::shared_ptr<detail::code_flow> impl_;
};

} // namespace afresh
