#include "cli/demo/server_text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

namespace afresh::cli {

std::string random_name()
{
    static constexpr char digits[] = "0123456789abcdef";
    std::random_device random;
    std::string name;
    for (int i = 0; i < 4; ++i)
        for (auto bits = random(), n = 0u; n < 8; ++n, bits >>= 4) name += digits[bits & 15];
    return name;
}

std::string base64(std::string_view text)
{
    static constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = bits << 8 | (i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u);
        for (std::size_t k = 0; k < 4; ++k) out += i + k <= text.size() ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
    }
    return out;
}

std::string_view form_value(std::string_view body, std::string_view name)
{
    while (!body.empty()) {
        const auto pair = body.substr(0, body.find('&'));
        body.remove_prefix(std::min(body.size(), pair.size() + 1));
        const auto equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
    }
    return {};
}

} // namespace afresh::cli
