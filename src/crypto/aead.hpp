#pragma once
// AES-256-GCM with a fresh random nonce, as bytes: nonce, ciphertext, tag.

#include <afresh/secret_string.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace afresh::crypto {

constexpr std::size_t aead_key_size = 32;

// Throws std::runtime_error when OpenSSL cannot.
std::string encrypt(std::string_view key, std::string_view bound_to, std::string_view text);
// Nothing: it is not what was encrypted, or not with this key, or not bound to that.
std::optional<secret_string> decrypt(std::string_view key, std::string_view bound_to, std::string_view bytes);

} // namespace afresh::crypto
