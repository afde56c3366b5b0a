#pragma once
#include <afresh/secret_string.hpp>

#include <optional>
#include <string_view>
namespace afresh::crypto {
// RFC 4648 4, with its padding and nothing else; what comes out may be a key
std::optional<secret_string> from_base64(std::string_view text);
} // namespace afresh::crypto
