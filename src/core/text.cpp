#include "core/text.hpp"

#include "core/char_set.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

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

// RFC 9110 5.5: what may stand in a field's value
constexpr bool is_field_char(char c) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

// Of eight characters: false says that none of them is below a space or DEL; true, that one may be.
bool may_hold_control(const char* eight) noexcept
{
    constexpr std::uint64_t each = 0x0101010101010101;
    std::uint64_t all = 0;
    std::memcpy(&all, eight, sizeof all);
    const auto below = [](std::uint64_t bytes, unsigned limit) {
        return (bytes - each * limit) & ~bytes & each * 0x80;
    };
    return (below(all, 0x20) | below(all ^ each * 0x7f, 1)) != 0;
}

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
    static constexpr char_set tchar("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~");
    return !text.empty() && tchar.has_all(text);
}

// Eight characters at a time: each answer's header and each request's fields go through here.
bool is_field_value(std::string_view text) noexcept
{
    constexpr std::size_t eight = 8;
    const auto is_good = [&](std::size_t at) {
        return !may_hold_control(&text[at]) || std::all_of(&text[at], &text[at] + eight, is_field_char);
    };
    if (text.size() < eight) return std::all_of(text.begin(), text.end(), is_field_char);
    for (std::size_t at = 0; at + eight < text.size(); at += eight)
        if (!is_good(at)) return false;
    return is_good(text.size() - eight); // some of them again
}

std::string_view without_blanks(std::string_view text) noexcept
{
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string_view take_element(std::string_view& list) noexcept
{
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    return without_blanks(element);
}

bool detail::iequals_as_long(std::string_view a, std::string_view b) noexcept
{
    if (a == b) return true; // as most write what they mean
    return std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace afresh::core
