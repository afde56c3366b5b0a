#pragma once
// Whether a character is one of some, by one look into a table. Pure.

#include <algorithm>
#include <array>
#include <string_view>

namespace afresh::core {

class char_set {
public:
    constexpr explicit char_set(std::string_view members)
    {
        for (const char c : members) has_[static_cast<unsigned char>(c)] = true;
    }
    constexpr bool has(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }
    bool has_all(std::string_view text) const noexcept
    {
        return std::all_of(text.begin(), text.end(), [this](char c) { return has(c); });
    }

private:
    std::array<bool, 256> has_{};
};

} // namespace afresh::core
