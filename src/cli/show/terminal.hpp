#pragma once
// What the terminal can show, and text made for it.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

enum class tone { plain, good, bad, warning, accent, faint, strong };

struct terminal {
    bool live{};   // lines can be redrawn
    bool colour{}; // and NO_COLOR is not set (no-color.org)
    bool utf8{};
    std::size_t width = 80;

    // Of standard output.
    static terminal detect();

    std::string paint(tone t, std::string_view text) const;
    std::string_view pick(std::string_view utf8_text, std::string_view ascii_text) const noexcept
    {
        return utf8 ? utf8_text : ascii_text;
    }
    // `share` of `cells` filled.
    std::string bar(double share, std::size_t cells, tone t) const;
    // One column for each value, from zero up; empty without UTF-8.
    std::string columns(const std::vector<double>& values, tone t) const;
};

std::string with_commas(std::uint64_t n);            // 12,345
std::string fixed(double value, int decimals);       // 4.2
std::string padded(std::string text, std::size_t n); // right-aligned
std::string plural(std::uint64_t n, std::string_view noun);
std::string short_time(std::chrono::nanoseconds t); // "95 ns", "1.3 ms"; ASCII

} // namespace afresh::cli
