#pragma once
/// @file
/// With what a client gets its tokens.

#include <afresh/export.hpp>
#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/signing_key.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace afresh {

class grant_parameters; // in <afresh/grant_parameters.hpp>

/// What a source exchanges for access tokens.
class AFRESH_EXPORT grant {
public:
    enum class kind { refresh_token, client_credentials, extension };

    /// RFC 6749 6. An empty token is allowed when the store holds one, or when `set_tokens()` will bring one.
    static grant refresh_token(secret_string token)
    {
        return grant(kind::refresh_token, "refresh_token", std::move(token));
    }
    /// RFC 6749 4.4.
    static grant client_credentials() { return grant(kind::client_credentials, "client_credentials", {}); }

    /// RFC 6749 4.5: any other grant, named by an absolute URI. `parameters` is asked before each request for what the grant
    /// adds to the form. `jwt_bearer()` and `token_exchange()` in <afresh/grant_parameters.hpp> are two such grants.
    static grant extension(std::string grant_type, std::shared_ptr<grant_parameters> parameters);

    /// Space-separated (RFC 6749 3.3). On a refresh, scope is sent only when it was set here.
    grant& scope(std::string text) &
    {
        scope_ = std::move(text);
        return *this;
    }
    grant&& scope(std::string text) && { return std::move(scope(std::move(text))); }
    /// The absolute URI of the resource the token is for (RFC 8707).
    grant& resource(std::string uri) &
    {
        resource_ = std::move(uri);
        return *this;
    }
    grant&& resource(std::string uri) && { return std::move(resource(std::move(uri))); }
    /// The key that `refresh_token` is bound to, or that new tokens are to be bound to (RFC 9449 5). Unset: the key
    /// that the store holds, or a new one if `client_registration::dpop_bound_access_tokens()` says so. Give each chain its
    /// own.
    grant& dpop_key(signing_key key) &
    {
        dpop_key_ = std::move(key);
        return *this;
    }
    grant&& dpop_key(signing_key key) && { return std::move(dpop_key(std::move(key))); }
    /// An extra form parameter. It may add, never override: the names this library sends itself are refused.
    grant& parameter(std::string name, std::string value) &;
    grant&& parameter(std::string name, std::string value) &&
    {
        return std::move(parameter(std::move(name), std::move(value)));
    }

    kind type() const noexcept { return kind_; }
    /// The value of `grant_type`.
    const std::string& name() const noexcept { return name_; }
    /// Whether each exchange spends a refresh token. Others lose nothing when an answer is lost.
    bool spends() const noexcept { return kind_ == kind::refresh_token; }
    const std::shared_ptr<grant_parameters>& further() const noexcept { return further_; }
    const signing_key& dpop_key() const noexcept { return dpop_key_; }
    const secret_string& token() const noexcept { return token_; }
    const std::string& scope() const noexcept { return scope_; }
    const std::string& resource() const noexcept { return resource_; }
    const std::vector<http_field>& parameters() const noexcept { return parameters_; }

    bool operator==(const grant&) const = default;

private:
    grant(kind k, std::string name, secret_string t) : kind_(k), name_(std::move(name)), token_(std::move(t)) {}

    kind kind_;
    std::string name_;
    std::shared_ptr<grant_parameters> further_;
    secret_string token_;
    std::string scope_;
    std::string resource_;
    signing_key dpop_key_;
    std::vector<http_field> parameters_;
};

} // namespace afresh
