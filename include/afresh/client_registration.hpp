#pragma once
/// @file
/// Who this program is to an authorization server.

#include <afresh/export.hpp>
#include <afresh/grant.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/signing_key.hpp>

#include <string>
#include <utility>
#include <vector>

namespace afresh {

struct server_metadata; // in <afresh/server_metadata.hpp>

/// How a client proves who it is at the token endpoint (the IANA names of RFC 7591). Chosen, never probed: a wrong
/// guess would spend the refresh token.
enum class client_authentication {
    none,                        ///< a public client: `client_id` in the body
    client_secret_basic,         ///< RFC 6749 2.3.1: id and secret are form-encoded, then Basic
    client_secret_basic_raw,     ///< Basic without the form-encoding, for servers that do not decode it
    client_secret_post,          ///< id and secret in the body
    client_secret_jwt,           ///< an assertion signed with the secret (RFC 7523 2.2, HS256)
    private_key_jwt,             ///< an assertion signed with a key of the client's own (RFC 7523 2.2)
    tls_client_auth,             ///< a certificate of an authority the server trusts (RFC 8705 2.1)
    self_signed_tls_client_auth, ///< a certificate the server knows (RFC 8705 2.2)
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

    /// At a server that was discovered: with its issuer, token endpoint and revocation endpoint.
    client_registration(const server_metadata& server, std::string client_id);

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
    /// The secret signs a fresh assertion for each request, 60 s good, and is not sent. Needs `issuer()`.
    client_registration& client_secret_jwt(secret_string secret) &
    {
        return use(client_authentication::client_secret_jwt, std::move(secret));
    }
    client_registration&& client_secret_jwt(secret_string secret) &&
    {
        return std::move(client_secret_jwt(std::move(secret)));
    }
    /// The key signs a fresh assertion for each request, 60 s good (RFC 7523 3). Needs `issuer()`, the assertion's only
    /// audience.
    client_registration& private_key_jwt(signing_key key) &
    {
        key_ = std::move(key);
        return use(client_authentication::private_key_jwt, {});
    }
    client_registration&& private_key_jwt(signing_key key) && { return std::move(private_key_jwt(std::move(key))); }
    /// The certificate is the transport's: see `tls_options::certificate_chain_file`.
    client_registration& tls_client_auth() & { return use(client_authentication::tls_client_auth, {}); }
    client_registration&& tls_client_auth() && { return std::move(tls_client_auth()); }
    client_registration& self_signed_tls_client_auth() &
    {
        return use(client_authentication::self_signed_tls_client_auth, {});
    }
    client_registration&& self_signed_tls_client_auth() && { return std::move(self_signed_tls_client_auth()); }
    /// RFC 9449 5.2: all tokens are bound to a key, and whoever sends one proves to have it (DPoP). Keys are made by
    /// sign-ins and sources, one for each chain, and stored with its refresh token; or see `grant::dpop_key()`. A plain Bearer
    /// token is then never used.
    client_registration& dpop_bound_access_tokens() &
    {
        dpop_ = true;
        return *this;
    }
    client_registration&& dpop_bound_access_tokens() && { return std::move(dpop_bound_access_tokens()); }
    /// The server's issuer identifier (RFC 8414 2), exactly as it writes it.
    client_registration& issuer(std::string identifier) &
    {
        issuer_ = std::move(identifier);
        return *this;
    }
    client_registration&& issuer(std::string identifier) && { return std::move(issuer(std::move(identifier))); }
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
    const signing_key& key() const noexcept { return key_; }
    const std::string& issuer() const noexcept { return issuer_; }
    const std::vector<unsigned>& refused_statuses() const noexcept { return refused_statuses_; }
    bool wants_dpop() const noexcept { return dpop_; }
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
    std::string issuer_;
    signing_key key_;
    client_authentication authentication_ = client_authentication::none;
    secret_string secret_;
    std::vector<unsigned> refused_statuses_;
    bool dpop_{};
    bool plain_http_{};
};

} // namespace afresh
