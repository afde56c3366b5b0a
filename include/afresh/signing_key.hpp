#pragma once
/// @file
/// A key that signs what proves who a client is.

#include <afresh/export.hpp>
#include <afresh/secret_string.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace afresh {

class signer; // in <afresh/signer.hpp>

namespace detail {
class key_holder;
}

/// A private key with the algorithm it signs with (RFC 7518 3.1): RS256, RS384, RS512, PS256, PS384, PS512 with RSA of 2048
/// bits or more; ES256, ES384, ES512 with the curve that belongs to each; EdDSA with Ed25519 (RFC 8037). Named once,
/// here: never taken from a message. A light handle; copies share the key, which is wiped with the last one.
///
/// @par Thread safety Distinct objects: safe, also as copies. Shared objects: safe, except for assignment.
/// @par Exceptions    The functions that make one throw `boost::system::system_error` with `errc::invalid_argument`; the
///                    text says what is wrong with the key and never shows it.
class AFRESH_EXPORT signing_key {
public:
    /// None.
    signing_key() = default;
    /// A PEM private key without password (RFC 7468; PKCS #8, or the older forms of RSA and EC). An empty `algorithm`
    /// means RS256, ES256, ES384, ES512 or EdDSA, as fits the key. `key_id` is the `kid` under which the server knows the
    /// public key (RFC 7517 4.5); empty: none is sent.
    static signing_key from_pem(const secret_string& text, std::string algorithm = {}, std::string key_id = {});
    /// The same from a file, which is read anew whenever it has changed, so that a key can be replaced under a running
    /// program. While the file is missing or broken, the last good key is used.
    static signing_key from_pem_file(std::string path, std::string algorithm = {}, std::string key_id = {});
    /// A private key as JWK (RFC 7517). Its own `alg` and `kid` are used where none is given here.
    static signing_key from_jwk(const secret_string& json, std::string algorithm = {}, std::string key_id = {});
    /// A new key, of this program alone.
    static signing_key generate(std::string algorithm = "ES256");
    /// A key that lives elsewhere: in a hardware module, an agent, a key management service. `public_jwk` is its public
    /// half.
    signing_key(std::shared_ptr<signer> elsewhere, std::string_view public_jwk, std::string algorithm = {},
                std::string key_id = {});

    explicit operator bool() const noexcept { return static_cast<bool>(holder_); }
    const std::string& algorithm() const noexcept { return algorithm_; }
    const std::string& key_id() const noexcept { return key_id_; }
    /// The public half as JWK, with the members of RFC 7638 3.2 only, in that order.
    const std::string& public_jwk() const noexcept { return public_jwk_; }
    /// SHA-256, base64url (RFC 7638 3). Of a key from a file: as when it was first read.
    const std::string& thumbprint() const noexcept { return thumbprint_; }
    /// The private key in PEM (PKCS #8), for a store. Empty: it lives elsewhere.
    secret_string to_pem() const;

    /// Same key, algorithm and key id.
    friend bool operator==(const signing_key& a, const signing_key& b) noexcept
    {
        return a.thumbprint_ == b.thumbprint_ && a.algorithm_ == b.algorithm_ && a.key_id_ == b.key_id_;
    }
    /// For the library's own parts.
    const std::shared_ptr<detail::key_holder>& implementation() const noexcept { return holder_; }

private:
    signing_key(std::shared_ptr<detail::key_holder> holder, std::string algorithm, std::string key_id);

    std::shared_ptr<detail::key_holder> holder_;
    std::string algorithm_;
    std::string key_id_;
    std::string public_jwk_;
    std::string thumbprint_;
};

} // namespace afresh
