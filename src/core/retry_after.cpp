// Retry-After (RFC 9110 10.2.3) and the dates of HTTP (RFC 9110 5.6.7). A recipient must read all three forms of a
// date.
#include "core/text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace afresh::core {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 7> days{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 7> long_days{"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes a date apart from left to right; the first piece that does not fit spoils the rest.
class date_reader {
public:
    explicit date_reader(std::string_view text) : rest_(text) {}

    date_reader& literal(std::string_view expected)
    {
        good_ = good_ && rest_.starts_with(expected);
        if (good_) rest_.remove_prefix(expected.size());
        return *this;
    }
    template <std::size_t N>
    date_reader& name(const std::array<std::string_view, N>& names, unsigned& index)
    {
        const auto found =
            std::find_if(names.begin(), names.end(), [&](std::string_view n) { return rest_.starts_with(n); });
        good_ = good_ && found != names.end();
        if (!good_) return *this;
        index = static_cast<unsigned>(found - names.begin());
        rest_.remove_prefix(found->size());
        return *this;
    }
    date_reader& digits(std::size_t count, unsigned& value)
    {
        const std::string_view text = rest_.substr(0, count);
        good_ = good_ && text.size() == count && text.find_first_not_of("0123456789") == std::string_view::npos;
        if (!good_) return *this;
        value = 0;
        for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
        rest_.remove_prefix(count);
        return *this;
    }
    date_reader& time(unsigned& h, unsigned& m, unsigned& s)
    {
        return digits(2, h).literal(":").digits(2, m).literal(":").digits(2, s);
    }
    bool next_is(char c) const noexcept { return rest_.starts_with(c); }
    bool complete() const noexcept { return good_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool good_ = true;
};

struct date_fields {
    unsigned y{}, mo{}, d{}, h{}, mi{}, s{};

    // In whole seconds: a year of four digits does not fit the nanoseconds of system_clock.
    std::optional<sys_seconds> when() const
    {
        const year_month_day date{year{static_cast<int>(y)}, month{mo + 1}, day{d}};
        if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt; // 60: a leap second
        return sys_seconds{sys_days{date}} + hours{h} + minutes{mi} + seconds{s};
    }
};

} // namespace

std::optional<sys_seconds> parse_http_date(std::string_view text, sys_seconds now)
{
    unsigned weekday{};
    date_fields f;
    // Sun, 06 Nov 1994 08:49:37 GMT
    if (date_reader r{text}; r.name(days, weekday)
                                 .literal(", ")
                                 .digits(2, f.d)
                                 .literal(" ")
                                 .name(months, f.mo)
                                 .literal(" ")
                                 .digits(4, f.y)
                                 .literal(" ")
                                 .time(f.h, f.mi, f.s)
                                 .literal(" GMT")
                                 .complete())
        return f.when();
    // Sunday, 06-Nov-94 08:49:37 GMT
    if (date_reader r{text}; r.name(long_days, weekday)
                                 .literal(", ")
                                 .digits(2, f.d)
                                 .literal("-")
                                 .name(months, f.mo)
                                 .literal("-")
                                 .digits(2, f.y)
                                 .literal(" ")
                                 .time(f.h, f.mi, f.s)
                                 .literal(" GMT")
                                 .complete()) {
        // "more than 50 years in the future" means the past century
        const int this_year = static_cast<int>(year_month_day{floor<std::chrono::days>(now)}.year());
        f.y += static_cast<unsigned>(std::max(0, this_year) / 100 * 100);
        if (static_cast<int>(f.y) > this_year + 50) f.y -= 100;
        return f.when();
    }
    // Sun Nov  6 08:49:37 1994
    date_reader r{text};
    r.name(days, weekday).literal(" ").name(months, f.mo).literal(" ");
    if (r.next_is(' '))
        r.literal(" ").digits(1, f.d);
    else
        r.digits(2, f.d);
    if (r.literal(" ").time(f.h, f.mi, f.s).literal(" ").digits(4, f.y).complete()) return f.when();
    return std::nullopt;
}

std::optional<seconds> parse_retry_after(std::string_view text, system_clock::time_point now)
{
    if (text.empty()) return std::nullopt;
    if (text.find_first_not_of("0123456789") == std::string_view::npos) {
        constexpr std::int64_t ten_years = 315'360'000;
        std::int64_t value = 0;
        for (const char c : text) value = std::min(value * 10 + (c - '0'), ten_years);
        return seconds{value};
    }
    const auto now_seconds = floor<seconds>(now);
    const auto when = parse_http_date(text, now_seconds);
    if (!when) return std::nullopt;
    return std::max(seconds{0}, *when - now_seconds);
}

} // namespace afresh::core
