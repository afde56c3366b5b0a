#include "cli/demo/timeline_svg.hpp"

#include "cli/show/terminal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace afresh::cli {
namespace {

constexpr double width = 960, left = 76, right = 936;
constexpr double calls_top = 104, calls_bottom = 240;
constexpr double refreshes_at = 268;
constexpr double tokens_top = 288;

constexpr std::string_view style = R"(<style>
text { font: 12px system-ui, -apple-system, "Segoe UI", "DejaVu Sans", sans-serif; fill: #57606a }
.title { font-size: 16px; font-weight: 600; fill: #1f2328 }
.back { fill: #ffffff }
.grid { stroke: #d8dee4; stroke-width: 1 }
.axis { stroke: #8c959f; stroke-width: 1 }
.rate { fill: none; stroke: #0969da; stroke-width: 2; stroke-linejoin: round }
.area { fill: #0969da; fill-opacity: .12 }
.life { fill: #1a7f37; fill-opacity: .22 }
.used { fill: #1a7f37 }
.down { fill: #cf222e; fill-opacity: .13 }
.down-text { fill: #cf222e }
.revoked { stroke: #bc4c00; stroke-width: 1.5; stroke-dasharray: 4 3 }
.revoked-text { fill: #bc4c00 }
.won { fill: #1a7f37 }
.lost { stroke: #cf222e; stroke-width: 2; stroke-linecap: round }
.small { font-size: 11px }
.end { text-anchor: end }
.middle { text-anchor: middle }
@media (prefers-color-scheme: dark) {
text { fill: #9198a1 }
.title { fill: #f0f6fc }
.back { fill: #0d1117 }
.grid { stroke: #2a313c }
.axis { stroke: #656c76 }
.rate { stroke: #4493f8 }
.area { fill: #4493f8; fill-opacity: .18 }
.life { fill: #3fb950; fill-opacity: .25 }
.used, .won { fill: #3fb950 }
.down { fill: #f85149; fill-opacity: .2 }
.down-text { fill: #f85149 }
.revoked { stroke: #f0883e }
.revoked-text { fill: #f0883e }
.lost { stroke: #f85149 }
}
</style>
)";

// 1, 2 or 5 times a power of ten, for about `parts` steps up to `most`.
double step_for(double most, int parts)
{
    const double rough = std::max(most, 1e-9) / parts;
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    for (const double factor : {1.0, 2.0, 5.0})
        if (rough <= factor * power) return factor * power;
    return 10 * power;
}

std::string escaped(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else
            out += c;
    }
    return out;
}

class picture {
public:
    explicit picture(const run_history& run) : run_(run)
    {
        row_ = std::clamp(190.0 / static_cast<double>(std::max<std::size_t>(run.tokens.size(), 1)), 1.0, 16.0);
        tokens_bottom_ = tokens_top + row_ * static_cast<double>(std::max<std::size_t>(run.tokens.size(), 4));
        height_ = tokens_bottom_ + 70;
    }

    std::string draw(const std::string& title)
    {
        out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + number(width) + ' ' + number(height_) +
               "\" width=\"" + number(width) + "\" height=\"" + number(height_) + "\" role=\"img\">\n<title>" +
               escaped(title) + "</title>\n";
        out_ += style;
        rect("back", 0, 0, width, height_);
        text("title", left - 52, 34, title);
        legend();
        axes();
        outages();
        rate();
        tokens();
        refreshes();
        revocations();
        return out_ + "</svg>\n";
    }

private:
    static std::string number(double v) { return fixed(v, 1); }
    double x(double t) const { return left + std::clamp(t / run_.length, 0.0, 1.0) * (right - left); }

    void rect(std::string_view kind, double x0, double y0, double x1, double y1, double radius = 0)
    {
        out_ += "<rect class=\"" + std::string(kind) + "\" x=\"" + number(x0) + "\" y=\"" + number(y0) + "\" width=\"" +
                number(std::max(x1 - x0, 0.0)) + "\" height=\"" + number(y1 - y0) + '"';
        if (radius > 0) out_ += " rx=\"" + number(radius) + '"';
        out_ += "/>\n";
    }
    void line(std::string_view kind, double x0, double y0, double x1, double y1)
    {
        out_ += "<line class=\"" + std::string(kind) + "\" x1=\"" + number(x0) + "\" y1=\"" + number(y0) + "\" x2=\"" +
                number(x1) + "\" y2=\"" + number(y1) + "\"/>\n";
    }
    void text(std::string_view kind, double at_x, double at_y, std::string_view what)
    {
        out_ += "<text class=\"" + std::string(kind) + "\" x=\"" + number(at_x) + "\" y=\"" + number(at_y) + "\">" +
                escaped(what) + "</text>\n";
    }
    void upright(double at_x, double at_y, std::string_view what)
    {
        out_ += "<text class=\"middle\" transform=\"translate(" + number(at_x) + ' ' + number(at_y) +
                ") rotate(-90)\">" + escaped(what) + "</text>\n";
    }
    void dot(double at_x, double at_y)
    {
        out_ += "<circle class=\"won\" cx=\"" + number(at_x) + "\" cy=\"" + number(at_y) + "\" r=\"4\"/>\n";
    }
    void cross(double at_x, double at_y)
    {
        line("lost", at_x - 3.5, at_y - 3.5, at_x + 3.5, at_y + 3.5);
        line("lost", at_x - 3.5, at_y + 3.5, at_x + 3.5, at_y - 3.5);
    }

    void legend()
    {
        const double y = 58;
        double at = left;
        const auto entry = [&](std::string_view what, double w) {
            text("small", at + 22, y + 4, what);
            at += w;
        };
        line("rate", at, y, at + 16, y);
        entry("calls per second", 132);
        rect("used", at, y - 5, at + 16, y + 5, 2);
        entry("access token in use", 148);
        rect("life", at, y - 5, at + 16, y + 5, 2);
        entry("still valid, replaced", 148);
        dot(at + 8, y);
        entry("refresh", 84);
        cross(at + 8, y);
        entry("refresh failed", 116);
        rect("down", at, y - 7, at + 16, y + 7);
        entry("outage", 82);
        line("revoked", at + 8, y - 8, at + 8, y + 8);
        entry("access token revoked", 0);
    }

    void axes()
    {
        const double most = *std::max_element(rates().begin(), rates().end());
        const double step = step_for(most, 4);
        top_rate_ = std::max(step, std::ceil(most / step) * step);
        for (double v = 0; v <= top_rate_ * 1.001; v += step) {
            line(v == 0 ? "axis" : "grid", left, rate_y(v), right, rate_y(v));
            text("small end", left - 8, rate_y(v) + 4, with_commas(static_cast<std::uint64_t>(std::lround(v))));
        }
        upright(20, (calls_top + calls_bottom) / 2, "calls per second");
        upright(20, (tokens_top + tokens_bottom_) / 2, "access tokens");
        text("small end", left - 8, refreshes_at + 4, "refresh");
        line("axis", left, tokens_bottom_ + 8, right, tokens_bottom_ + 8);
        const double every = step_for(run_.length, 12);
        for (double t = 0; t <= run_.length * 1.001; t += every) {
            line("grid", x(t), calls_top, x(t), tokens_bottom_ + 8);
            line("axis", x(t), tokens_bottom_ + 8, x(t), tokens_bottom_ + 13);
            text("small middle", x(t), tokens_bottom_ + 28, fixed(t, every < 1 ? 1 : 0));
        }
        text("middle", (left + right) / 2, tokens_bottom_ + 52, "seconds since the start");
    }

    void outages()
    {
        for (const time_span& o : run_.outages) {
            rect("down", x(o.from), calls_top - 8, x(o.until), tokens_bottom_ + 8);
            text("small middle down-text", (x(o.from) + x(o.until)) / 2, calls_top - 13, "token endpoint down");
        }
    }

    const std::vector<double>& rates()
    {
        if (!rates_.empty()) return rates_;
        const auto whole = static_cast<std::size_t>(run_.length / run_history::bin);
        for (std::size_t i = 0; i < std::min(whole, run_.calls.size()); ++i)
            rates_.push_back(run_.calls[i] / run_history::bin);
        if (rates_.empty()) rates_.push_back(0);
        return rates_;
    }
    double rate_y(double v) const { return calls_bottom - v / top_rate_ * (calls_bottom - calls_top); }

    void rate()
    {
        std::string points;
        for (std::size_t i = 0; i < rates().size(); ++i)
            points +=
                ' ' + number(x((static_cast<double>(i) + 0.5) * run_history::bin)) + ',' + number(rate_y(rates()[i]));
        const auto end = static_cast<double>(rates().size()) - 0.5;
        out_ += "<polygon class=\"area\" points=\"" + number(x(run_history::bin / 2)) + ',' + number(calls_bottom) +
                points + ' ' + number(x(end * run_history::bin)) + ',' + number(calls_bottom) + "\"/>\n";
        out_ += "<polyline class=\"rate\" points=\"" + points.substr(1) + "\"/>\n";
    }

    void tokens()
    {
        double y = tokens_top;
        for (const token_life& t : run_.tokens) {
            const double bottom = y + std::max(row_ * 0.75, 0.8);
            const double used_until = std::min(t.replaced.value_or(run_.length), t.until);
            if (!t.revoked) rect("life", x(t.from), y, x(t.until), bottom, std::min(row_ / 5, 3.0));
            rect("used", x(t.from), y, x(used_until), bottom, std::min(row_ / 5, 3.0));
            const double label = x(t.from) < left + 14 ? left - 8 : x(t.from) - 5;
            if (row_ >= 9) text("small end", label, bottom - row_ * 0.06, std::to_string(t.generation));
            y += row_;
        }
    }

    void refreshes()
    {
        for (const token_life& t : run_.tokens) dot(x(t.from), refreshes_at);
        for (const double t : run_.failed_refreshes) cross(x(t), refreshes_at);
    }

    void revocations()
    {
        for (const double t : run_.revocations) line("revoked", x(t), calls_top - 8, x(t), tokens_bottom_ + 8);
    }

    const run_history& run_;
    std::vector<double> rates_;
    double row_{}, tokens_bottom_{}, height_{}, top_rate_ = 1;
    std::string out_;
};

} // namespace

std::string timeline_svg(const run_history& run, const std::string& title) { return picture(run).draw(title); }

} // namespace afresh::cli
