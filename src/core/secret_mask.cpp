#include "core/secret_mask.hpp"

#include "core/text.hpp"

#include <algorithm>

namespace afresh::core {
namespace {

constexpr std::size_t shortest = 4;

// -1: not a hexadecimal digit
int hex_value(char c) noexcept
{
    if (c >= '0' && c <= '9') return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// How many characters of `text`, from its beginning, are `secret`; 0: none.
std::size_t match(std::string_view text, std::string_view secret) noexcept
{
    if (text.starts_with(secret)) return secret.size();
    std::size_t at = 0;
    for (const char c : secret) {
        const int high = at + 2 < text.size() && text[at] == '%' ? hex_value(text[at + 1]) : -1;
        const int low = high >= 0 ? hex_value(text[at + 2]) : -1;
        if (low >= 0 && static_cast<char>(high * 16 + low) == c)
            at += 3;
        else if (at < text.size() && (text[at] == c || (text[at] == '+' && c == ' ')))
            ++at;
        else
            return 0;
    }
    return at;
}

} // namespace

void secret_mask::add(std::string_view secret)
{
    if (secret.size() < shortest) return;
    forms_.emplace_back(secret);
    add_base64(secret);
    std::string encoded; // RFC 6749 2.3.1 encodes both parts of Basic credentials first
    encoded.reserve(3 * secret.size());
    append_form_encoded(encoded, secret);
    if (encoded != secret) add_base64(encoded);
    wipe(encoded);
}

void secret_mask::add_base64(std::string_view secret)
{
    for (const std::size_t before : {0u, 1u, 2u}) { // bytes of something else in the first group of three
        std::string bytes(before + secret.size(), '\0');
        std::copy(secret.begin(), secret.end(), bytes.begin() + static_cast<std::ptrdiff_t>(before));
        std::string encoded = base64(bytes);
        const std::size_t own = before == 0 ? 0 : before + 1;
        const std::string_view part = std::string_view(encoded).substr(own, bytes.size() * 8 / 6 - own);
        forms_.emplace_back(part);
        if (part.find_first_of("+/") != part.npos) { // RFC 4648 5
            std::replace(encoded.begin(), encoded.end(), '+', '-');
            std::replace(encoded.begin(), encoded.end(), '/', '_');
            forms_.emplace_back(part);
        }
        wipe(bytes);
        wipe(encoded);
    }
}

std::string secret_mask::operator()(std::string_view text, std::size_t limit) const
{
    std::string out;
    std::size_t hidden_to = 0;
    for (std::size_t at = 0; at < text.size() && out.size() < limit; ++at) {
        const bool in_secret = at < hidden_to;
        for (const secret_string& form : forms_)
            hidden_to = std::max(hidden_to, at + match(text.substr(at), form.reveal()));
        if (at >= hidden_to)
            out += text[at];
        else if (!in_secret)
            out += "***";
    }
    return out;
}

} // namespace afresh::core
