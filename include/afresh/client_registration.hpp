#pragma once
/// @file
/// Who this program is to an authorization server, and with which grant it gets tokens.

#include <afresh/export.hpp>
#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>

#include <string>
#include <utility>
#include <vector>

namespace afresh {

/// How a client proves who it is at the token endpoint (the IANA names of RFC 7591). Chosen, never probed: a wrong
/// guess would spend the refresh token.
enum class client_authentication {
    none,                    ///< a public client: `client_id` in the body
    client_secret_basic,     ///< RFC 6749 2.3.1: id and secret are form-encoded, then Basic
    client_secret_basic_raw, ///< Basic without the form-encoding, for servers that do not decode it
    client_secret_post,      ///< id and secret in the body
};

/// A client as registered at one authorization server (RFC 6749 2). Immutable once given to a source; share one object
/// between all sources of the client.
class AFRESH_EXPORT client_registration {
public:
    client_registration() = default;
    /// `token_endpoint` is an absolute https URL without fragment (RFC 6749 3.2).
    client_registration(std::string token_endpoint, std::string client_id)
        : token_endpoint_(std::move(token_endpoint)), client_id_(std::move(client_id))
    {
    }

    client_registration& client_secret_basic(secret_string secret) &
    {
        return use(client_authentication::client_secret_basic, std::move(secret));
    }
    client_registration& client_secret_basic_raw(secret_string secret) &
    {
        return use(client_authentication::client_secret_basic_raw, std::move(secret));
    }
    client_registration& client_secret_post(secret_string secret) &
    {
        return use(client_authentication::client_secret_post, std::move(secret));
    }
    client_registration&& client_secret_basic(secret_string secret) &&
    {
        return std::move(client_secret_basic(std::move(secret)));
    }
    client_registration&& client_secret_basic_raw(secret_string secret) &&
    {
        return std::move(client_secret_basic_raw(std::move(secret)));
    }
    client_registration&& client_secret_post(secret_string secret) &&
    {
        return std::move(client_secret_post(std::move(secret)));
    }
    /// Where tokens are revoked when a source signs out (RFC 7009 2): an absolute https URL without fragment. The client
    /// proves there who it is as at the token endpoint. Unset: the server is not told.
    client_registration& revocation_endpoint(std::string url) &
    {
        revocation_endpoint_ = std::move(url);
        return *this;
    }
    client_registration&& revocation_endpoint(std::string url) &&
    {
        return std::move(revocation_endpoint(std::move(url)));
    }
    /// A status that, from this token endpoint and without an OAuth error in the body, means that the grant is refused
    /// (some servers answer a bare 401 or 403). Without it such an answer counts as refused after three in a row.
    client_registration& refused_status(unsigned status) &;
    client_registration&& refused_status(unsigned status) && { return std::move(refused_status(status)); }
    /// Permits http to a host that is not loopback. Everything sent can be read by anybody on the way.
    client_registration& allow_plain_http_for_tests() &
    {
        plain_http_ = true;
        return *this;
    }
    client_registration&& allow_plain_http_for_tests() && { return std::move(allow_plain_http_for_tests()); }

    const std::string& token_endpoint() const noexcept { return token_endpoint_; }
    const std::string& revocation_endpoint() const noexcept { return revocation_endpoint_; }
    const std::string& client_id() const noexcept { return client_id_; }
    client_authentication authentication() const noexcept { return authentication_; }
    const secret_string& client_secret() const noexcept { return secret_; }
    const std::vector<unsigned>& refused_statuses() const noexcept { return refused_statuses_; }
    bool plain_http_allowed() const noexcept { return plain_http_; }

    bool operator==(const client_registration&) const = default;

private:
    client_registration& use(client_authentication a, secret_string s)
    {
        authentication_ = a;
        secret_ = std::move(s);
        return *this;
    }

    std::string token_endpoint_;
    std::string revocation_endpoint_;
    std::string client_id_;
    client_authentication authentication_ = client_authentication::none;
    secret_string secret_;
    std::vector<unsigned> refused_statuses_;
    bool plain_http_{};
};

/// What a source exchanges for access tokens.
class AFRESH_EXPORT grant {
public:
    enum class kind { refresh_token, client_credentials };

    /// RFC 6749 6. An empty token is allowed when the store holds one, or when `set_tokens()` will bring one.
    static grant refresh_token(secret_string token) { return grant(kind::refresh_token, std::move(token)); }
    /// RFC 6749 4.4.
    static grant client_credentials() { return grant(kind::client_credentials, {}); }

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
    /// An extra form parameter. It may add, never override: the names this library sends itself are refused.
    grant& parameter(std::string name, std::string value) &;
    grant&& parameter(std::string name, std::string value) &&
    {
        return std::move(parameter(std::move(name), std::move(value)));
    }

    kind type() const noexcept { return kind_; }
    const secret_string& token() const noexcept { return token_; }
    const std::string& scope() const noexcept { return scope_; }
    const std::string& resource() const noexcept { return resource_; }
    const std::vector<http_field>& parameters() const noexcept { return parameters_; }

    bool operator==(const grant&) const = default;

private:
    grant(kind k, secret_string t) : kind_(k), token_(std::move(t)) {}

    kind kind_;
    secret_string token_;
    std::string scope_;
    std::string resource_;
    std::vector<http_field> parameters_;
};

} // namespace afresh
