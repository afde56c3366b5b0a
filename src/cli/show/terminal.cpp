#include "cli/show/terminal.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace afresh::cli {
namespace {

bool is_set(const char* name)
{
    const char* value = std::getenv(name);
    return value && *value;
}

constexpr std::string_view code_of(tone t) noexcept
{
    switch (t) {
    case tone::plain: break;
    case tone::good: return "\x1b[32m";
    case tone::bad: return "\x1b[1;31m";
    case tone::warning: return "\x1b[33m";
    case tone::accent: return "\x1b[36m";
    case tone::faint: return "\x1b[2m";
    case tone::strong: return "\x1b[1m";
    }
    return "";
}

} // namespace

terminal terminal::detect()
{
    terminal t;
    std::setlocale(LC_CTYPE, "");
    t.utf8 = std::string_view(nl_langinfo(CODESET)) == "UTF-8";
    const char* term = std::getenv("TERM");
    const bool capable = isatty(STDOUT_FILENO) && term && std::string_view(term) != "dumb";
    winsize size{};
    if (capable && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) t.width = size.ws_col;
    t.live = capable && t.width >= 60;
    t.colour = capable && !is_set("NO_COLOR");
    return t;
}

std::string terminal::paint(tone t, std::string_view text) const
{
    const std::string_view code = code_of(t);
    if (!colour || code.empty()) return std::string(text);
    return std::string(code) + std::string(text) + "\x1b[0m";
}

std::string terminal::bar(double share, std::size_t cells, tone t) const
{
    static constexpr std::array<std::string_view, 8> eighths{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    const auto total =
        static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(cells) * 8));
    std::string done;
    for (std::size_t i = 0; i < total / 8; ++i) done += pick("█", "#");
    std::size_t used = total / 8;
    if (utf8 && total % 8) {
        done += eighths[total % 8];
        ++used;
    }
    std::string rest;
    for (; used < cells; ++used) rest += pick("░", ".");
    return paint(t, done) + paint(tone::faint, rest);
}

std::string terminal::columns(const std::vector<double>& values, tone t) const
{
    static constexpr std::array<std::string_view, 8> heights{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (!utf8 || values.empty()) return {};
    const double most = std::max(*std::max_element(values.begin(), values.end()), 1e-9);
    std::string out;
    for (const double v : values)
        out += heights[static_cast<std::size_t>(std::lround(std::clamp(v / most, 0.0, 1.0) * 7))];
    return paint(t, out);
}

std::string with_commas(std::uint64_t n)
{
    std::string text = std::to_string(n);
    for (auto i = text.size(); i > 3;) text.insert(i -= 3, ",");
    return text;
}

std::string fixed(double value, int decimals)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
    return text.data();
}

std::string padded(std::string text, std::size_t n)
{
    if (text.size() < n) text.insert(0, n - text.size(), ' ');
    return text;
}

std::string plural(std::uint64_t n, std::string_view noun)
{
    return with_commas(n) + ' ' + std::string(noun) + (n == 1 ? "" : "s");
}

std::string short_time(std::chrono::nanoseconds t)
{
    static constexpr std::array<std::string_view, 4> units{" ns", " us", " ms", " s"};
    auto value = static_cast<double>(t.count());
    std::size_t unit = 0;
    for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
    return fixed(value, unit == 0 || value >= 99.95 ? 0 : 1) + std::string(units[unit]);
}

} // namespace afresh::cli
