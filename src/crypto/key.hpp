#pragma once
// Asymmetric keys, from PEM (RFC 7468) and as JWK (RFC 7517, 7518 6, 8037).

#include <afresh/secret_string.hpp>

#include <boost/json/fwd.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_pkey_st;

namespace afresh::crypto {

class key {
public:
    enum class kind { rsa, ec_p256, ec_p384, ec_p521, ed25519 };

    // What is wrong, in words and without a part of the key, is thrown as std::runtime_error.
    static key private_from_pem(std::string_view text);
    static key private_from_jwk(const boost::json::object& jwk);
    // Nothing: not a key of a kind that is known here, or a broken one. Members of a private key are not read.
    static std::optional<key> public_from_jwk(const boost::json::object& jwk);
    static key generate(kind k);

    kind type() const noexcept { return kind_; }
    // RFC 7517 members of the public key, in the order of RFC 7638 3.2
    std::string public_jwk() const;
    // RFC 7638 3, SHA-256
    std::string thumbprint() const;
    // PKCS #8
    secret_string to_pem() const;
    evp_pkey_st* get() const noexcept { return pkey_.get(); }

private:
    key(std::shared_ptr<evp_pkey_st> p, kind k) : pkey_(std::move(p)), kind_(k) {}
    static std::optional<key> from_jwk(const boost::json::object& jwk, bool wants_private);
    static std::optional<key> wrap(evp_pkey_st* p);

    std::shared_ptr<evp_pkey_st> pkey_;
    kind kind_;
};

} // namespace afresh::crypto
