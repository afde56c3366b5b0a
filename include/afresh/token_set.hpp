#pragma once
/// @file
/// What an authorization server hands out at once (RFC 6749 5.1).

#include <afresh/secret_string.hpp>
#include <afresh/signing_key.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace afresh {

/// Tokens that belong together: an access token and possibly a refresh token and an ID token.
/// `co_await tokens.set_tokens(token_set().access_token(at).refresh_token(rt).expires_in(300s))`
class token_set {
public:
    token_set() = default;

    token_set& access_token(secret_string t) &
    {
        access_token_ = std::move(t);
        return *this;
    }
    token_set& refresh_token(secret_string t) &
    {
        refresh_token_ = std::move(t);
        return *this;
    }
    token_set& id_token(secret_string t) &
    {
        id_token_ = std::move(t);
        return *this;
    }
    token_set& token_type(std::string t) &
    {
        token_type_ = std::move(t);
        return *this;
    }
    token_set& scope(std::string t) &
    {
        scope_ = std::move(t);
        return *this;
    }
    /// The key that the tokens are bound to (RFC 9449). `token_type` is then "DPoP".
    token_set& dpop_key(signing_key k) &
    {
        dpop_key_ = std::move(k);
        return *this;
    }
    token_set& expires_in(std::optional<std::chrono::seconds> s) &
    {
        expires_in_ = s;
        return *this;
    }
    token_set&& access_token(secret_string t) && { return std::move(access_token(std::move(t))); }
    token_set&& refresh_token(secret_string t) && { return std::move(refresh_token(std::move(t))); }
    token_set&& id_token(secret_string t) && { return std::move(id_token(std::move(t))); }
    token_set&& token_type(std::string t) && { return std::move(token_type(std::move(t))); }
    token_set&& scope(std::string t) && { return std::move(scope(std::move(t))); }
    token_set&& dpop_key(signing_key k) && { return std::move(dpop_key(std::move(k))); }
    token_set&& expires_in(std::optional<std::chrono::seconds> s) && { return std::move(expires_in(s)); }

    const secret_string& access_token() const noexcept { return access_token_; }
    const secret_string& refresh_token() const noexcept { return refresh_token_; }
    const secret_string& id_token() const noexcept { return id_token_; }
    const std::string& token_type() const noexcept { return token_type_; }
    const std::string& scope() const noexcept { return scope_; }
    const signing_key& dpop_key() const noexcept { return dpop_key_; }
    /// Counted from now (or from when the request was sent). Unset: unknown.
    std::optional<std::chrono::seconds> expires_in() const noexcept { return expires_in_; }

private:
    secret_string access_token_;
    secret_string refresh_token_;
    secret_string id_token_;
    std::string token_type_ = "Bearer";
    std::string scope_;
    signing_key dpop_key_;
    std::optional<std::chrono::seconds> expires_in_;
};

} // namespace afresh
