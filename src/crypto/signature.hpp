#pragma once
// The signatures of RFC 7518 3 and RFC 8037 3.1, as the bytes that a JWS carries.

#include "crypto/key.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace afresh::crypto {

enum class algorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa };

// The name of RFC 7518 3.1. Nothing: none of these; `none` and those with a shared secret are no names here.
std::optional<algorithm> algorithm_named(std::string_view name) noexcept;
std::string_view name_of(algorithm a) noexcept;
bool fits(algorithm a, key::kind k) noexcept; // RFC 7518 3.4: each curve has its own
// What a key signs with when nobody says otherwise.
algorithm usual_algorithm(key::kind k) noexcept;

// A key that signs often: what OpenSSL looks up for a signature is looked up once. From any thread.
class ready_key {
public:
    // Both throw std::runtime_error when OpenSSL cannot.
    ready_key(algorithm a, const key& k);
    std::string sign(std::string_view text) const;

private:
    algorithm algorithm_;
    key key_;
    std::shared_ptr<evp_md_ctx_st> ready_; // never used itself: copied
};

// Throws std::runtime_error when OpenSSL cannot.
std::string sign(algorithm a, const key& k, std::string_view text);
bool verify(algorithm a, const key& k, std::string_view text, std::string_view signature);

} // namespace afresh::crypto
