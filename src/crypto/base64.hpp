#pragma once
#include <afresh/secret_string.hpp>

#include <optional>
#include <string>
#include <string_view>
namespace afresh::crypto {
// RFC 4648 4, with its padding and nothing else; what comes out may be a key
std::optional<secret_string> from_base64(std::string_view text);
// RFC 4648 5 without padding, as in RFC 7515 2
std::string base64url(std::string_view bytes);
// The one text that `base64url` makes of some bytes, and nothing else: a second spelling would make a second token of one.
std::optional<secret_string> from_base64url(std::string_view text);
} // namespace afresh::crypto
