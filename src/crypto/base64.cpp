#include "crypto/base64.hpp"

#include "core/text.hpp"
#include "crypto/bytes.hpp"

#include <openssl/evp.h>

#include <limits>

namespace afresh::crypto {

std::optional<secret_string> from_base64(std::string_view text)
{
    // OpenSSL skips blanks, and counts padding as bytes.
    if (text.empty() || text.size() % 4 != 0 || text.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        return std::nullopt;
    const std::size_t digits = text.find_last_not_of('=') + 1;
    if (text.size() - digits > 2 || text.find_first_of(" \t\r\n=") < digits) return std::nullopt;
    std::string out(text.size() / 4 * 3, '\0');
    const int size = EVP_DecodeBlock(data_of(out), data_of(text), static_cast<int>(text.size()));
    std::optional<secret_string> bytes;
    if (size == static_cast<int>(out.size()))
        bytes.emplace(std::string_view(out).substr(0, out.size() - (text.size() - digits)));
    wipe(out);
    return bytes;
}

std::string base64url(std::string_view bytes)
{
    std::string text = core::base64(bytes);
    while (!text.empty() && text.back() == '=') text.pop_back();
    for (char& c : text) {
        if (c == '+') c = '-';
        if (c == '/') c = '_';
    }
    return text;
}

std::optional<secret_string> from_base64url(std::string_view text)
{
    if (text.empty()) return secret_string();
    if (text.find_first_of("+/=") != std::string_view::npos || text.size() % 4 == 1) return std::nullopt;
    std::string padded(text);
    for (char& c : padded) {
        if (c == '-') c = '+';
        if (c == '_') c = '/';
    }
    padded.append((4 - padded.size() % 4) % 4, '=');
    std::optional<secret_string> bytes = from_base64(padded);
    wipe(padded);
    if (bytes && base64url(bytes->reveal()) != text) bytes.reset();
    return bytes;
}

} // namespace afresh::crypto
