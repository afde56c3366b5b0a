#include "cli/demo/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace afresh::cli {
namespace {

constexpr std::string_view hide_cursor = "\x1b[?25l";
constexpr std::string_view show_cursor = "\x1b[?25h";

void write(const std::string& text)
{
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fflush(stdout);
}

tone tone_of(source_state state) noexcept
{
    switch (state) {
    case source_state::fresh: return tone::good;
    case source_state::due: return tone::warning;
    case source_state::empty:
    case source_state::refreshing: return tone::accent;
    case source_state::waiting:
    case source_state::refused:
    case source_state::closed: break;
    }
    return tone::bad;
}

} // namespace

void progress::note(double at, tone t, std::string_view text)
{
    std::string out;
    erase(out);
    out +=
        terminal_.paint(tone::faint, padded(fixed(at, 1), 7) + " s") + "  " + terminal_.paint(t, text) + '\n' + shown_;
    write(out);
}

void progress::draw(const progress_picture& p)
{
    if (!terminal_.live) {
        if (p.now < next_line_) return;
        next_line_ = std::floor(p.now) + 1;
        return write(line(p));
    }
    std::string out;
    erase(out);
    if (shown_.empty()) out += hide_cursor;
    shown_ = block(p);
    write(out + shown_);
}

void progress::finish()
{
    if (shown_.empty()) return;
    std::string out;
    erase(out);
    shown_.clear();
    write(out += show_cursor);
}

void progress::erase(std::string& out) const
{
    const auto lines = std::count(shown_.begin(), shown_.end(), '\n');
    if (lines > 0) out += "\x1b[" + std::to_string(lines) + "F\x1b[J";
}

std::string progress::line(const progress_picture& p) const
{
    std::string text = padded(fixed(p.now, 1), 7) + " s  " + padded(with_commas(p.calls), 9) + " calls " +
                       padded(with_commas(static_cast<std::uint64_t>(p.rate)), 7) + "/s  failed " +
                       with_commas(p.failed) + "  generation " + std::to_string(p.generation) + "  " +
                       std::string(name_of(p.state)) + "  waiters " + with_commas(p.waiters);
    if (p.outage_left.value_or(0) > 0) text += "  token endpoint down";
    return text + '\n';
}

std::string progress::block(const progress_picture& p)
{
    const std::size_t cells = std::min<std::size_t>(terminal_.width - 22, 50);
    const auto label = [&](std::string_view text) { return terminal_.paint(tone::faint, text); };
    const std::string seconds = fixed(std::min(p.now, p.length), 0) + " of " + fixed(p.length, 0) + " s";

    std::string out = "\n  " + terminal_.bar(p.now / p.length, cells, tone::accent) + "  " + seconds + '\n';
    out += "  " + label("calls   ") + terminal_.paint(tone::strong, with_commas(p.calls)) + "  " +
           with_commas(static_cast<std::uint64_t>(p.rate)) + "/s  " + terminal_.columns(p.rates, tone::accent) + "  " +
           terminal_.paint(p.failed ? tone::bad : tone::good, with_commas(p.failed) + " failed") + '\n';
    out +=
        "  " + label("token   ") + "generation " + terminal_.paint(tone::strong, std::to_string(p.generation)) + "  ";
    if (p.token_lifetime > 0 && p.generation > 0)
        out += terminal_.bar(1 - p.token_age / p.token_lifetime, 10, tone_of(p.state)) + "  " +
               fixed(std::max(0.0, p.token_lifetime - p.token_age), 1) + " s left  ";
    out += terminal_.paint(tone_of(p.state), name_of(p.state)) + '\n';
    out += "  " + label("waiters ") + with_commas(p.waiters) + '\n';
    if (!p.outage_left) return out;
    out += "  " + label("server  ");
    if (*p.outage_left > 0)
        out += terminal_.paint(tone::bad, "token endpoint down") + ", " + fixed(*p.outage_left, 1) + " s to go";
    else
        out += "up";
    return out + '\n';
}

} // namespace afresh::cli
