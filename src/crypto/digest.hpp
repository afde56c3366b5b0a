#pragma once
#include <afresh/secret_string.hpp>

#include <string>
#include <string_view>
namespace afresh::crypto {
// SHA-256 as 43 base64url characters: what names a refresh token in a store without being one; of nothing: nothing
std::string fingerprint(std::string_view secret);
// SHA-256 as base64url: of RFC 7636 4.2 (S256), RFC 7638 3 and RFC 9449 4.2 (ath)
std::string sha256_text(std::string_view text);
// HMAC-SHA-256: a key for one purpose out of a key for many; the signature HS256 (RFC 7518 3.2)
secret_string hmac_sha256(std::string_view key, std::string_view text);
// n bytes from the system's generator, base64url
std::string random_text(std::size_t bytes);
double random_unit(); // uniform in [0, 1)
} // namespace afresh::crypto
