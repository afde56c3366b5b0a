#pragma once
/// @file
/// What a sign-in asks for.

#include <afresh/http_message.hpp>
#include <afresh/signing_key.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace afresh {

/// What a sign-in asks for; goes to constructors only.
struct sign_in_options {
    /// Where the server sends the user back to, exactly as registered. `browser_sign_in` makes its own.
    std::string redirect_uri{};
    std::string scope = "openid";         ///< space-separated; with `openid` the answer must have an ID token
    std::vector<std::string> resources{}; ///< absolute URIs (RFC 8707)
    std::string authorization_details{};  ///< JSON array (RFC 9396)
    std::string prompt{};                 ///< OpenID Connect Core 3.1.2.1: none, login, consent, select_account
    std::string login_hint{};
    std::string acr_values{};
    std::optional<std::chrono::seconds> max_age{}; ///< since the user was last seen; then checked in the ID token
    /// Further parameters. They may add, never override.
    std::vector<http_field> parameters{};
    /// RFC 9126: the request goes to the server first, and the browser carries a reference only. Done in any case where
    /// the server requires it.
    bool push_request{};
    /// RFC 9101: signs the request. None: it is not signed.
    signing_key request_object_key{};
    /// The key that the tokens are to be bound to (RFC 9449), and the code already (section 10). None: if
    /// `client_registration::dpop_bound_access_tokens()` says so, a new one for each sign-in.
    signing_key dpop_key{};
    /// OpenID Connect Core 3.3, `code id_token` with `form_post`: an ID token comes with the code and vouches for it.
    bool hybrid{};
    /// How long the user may take: 1 s to 24 h.
    std::chrono::seconds limit{600};
};

} // namespace afresh
