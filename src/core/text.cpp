#include "core/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace afresh::core {
namespace {

// The <cctype> functions ask the locale and are undefined for negative characters; protocol text is ASCII.
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_alnum(char c) noexcept { return is_digit(c) || is_alpha(c); }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_one_of(char c, std::string_view set) noexcept { return set.find(c) != std::string_view::npos; }

// RFC 6749 appendix A: NQCHAR without and NQSCHAR with the space, neither with '"' or '\'
constexpr bool is_nqchar(char c) noexcept { return c > 0x20 && c < 0x7f && c != '"' && c != '\\'; }
constexpr bool is_nqschar(char c) noexcept { return c == ' ' || is_nqchar(c); }

} // namespace

void append_form_encoded(std::string& out, std::string_view text)
{
    static constexpr char digits[] = "0123456789ABCDEF";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (is_alnum(c) || is_one_of(c, "*-._"))
            out += c;
        else if (c == ' ')
            out += '+';
        else {
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

std::string base64(std::string_view bytes)
{
    static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 *
                4); // at once: what is encoded may be a secret, and growing leaves copies behind
    const auto at = [&](std::size_t i) {
        return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) : 0u;
    };
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::uint32_t three = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
        out += alphabet[three >> 18];
        out += alphabet[three >> 12 & 63];
        out += i + 1 < bytes.size() ? alphabet[three >> 6 & 63] : '=';
        out += i + 2 < bytes.size() ? alphabet[three & 63] : '=';
    }
    return out;
}

std::string printable(std::string_view text, std::size_t limit)
{
    std::string out(text.substr(0, limit));
    std::replace_if(
        out.begin(), out.end(), [](char c) { return !is_nqschar(c); }, '?');
    return out;
}

bool is_vschar(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

bool is_scope(std::string_view text) noexcept
{
    // A space must stand between two tokens: never first, last or next to another.
    bool after_space = true;
    for (const char c : text) {
        if (!is_nqschar(c) || (c == ' ' && after_space)) return false;
        after_space = c == ' ';
    }
    return !after_space;
}

bool is_b64token(std::string_view text) noexcept
{
    const std::size_t padding = text.find('=');
    const std::string_view body = text.substr(0, padding);
    if (body.empty()) return false;
    if (padding != std::string_view::npos && text.find_first_not_of('=', padding) != std::string_view::npos)
        return false;
    return std::all_of(body.begin(), body.end(), [](char c) { return is_alnum(c) || is_one_of(c, "-._~+/"); });
}

bool is_http_token(std::string_view text) noexcept
{
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || is_one_of(c, "!#$%&'*+-.^_`|~"); });
}

bool is_field_value(std::string_view text) noexcept
{
    return std::none_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte == 0x7f;
    });
}

std::string_view without_blanks(std::string_view text) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string_view take_element(std::string_view& list) noexcept
{
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    return without_blanks(element);
}

bool iequals(std::string_view a, std::string_view b) noexcept
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace afresh::core
