#pragma once
// The signatures of RFC 7518 3 and RFC 8037 3.1, as the bytes that a JWS carries.

#include "crypto/key.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace afresh::crypto {

enum class algorithm { rs256, rs384, rs512, ps256, ps384, ps512, es256, es384, es512, eddsa };

// The name of RFC 7518 3.1. Nothing: none of these; `none` and those with a shared secret are no names here.
std::optional<algorithm> algorithm_named(std::string_view name) noexcept;
std::string_view name_of(algorithm a) noexcept;
bool fits(algorithm a, key::kind k) noexcept; // RFC 7518 3.4: each curve has its own
// What a key signs with when nobody says otherwise.
algorithm usual_algorithm(key::kind k) noexcept;

// Throws std::runtime_error when OpenSSL cannot.
std::string sign(algorithm a, const key& k, std::string_view text);
bool verify(algorithm a, const key& k, std::string_view text, std::string_view signature);

} // namespace afresh::crypto
