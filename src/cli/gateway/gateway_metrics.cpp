#include "cli/gateway/gateway_state.hpp"

#include <charconv>
#include <optional>
#include <utility>

namespace afresh::cli {
namespace {

std::string number(double value)
{
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

// A family of series: its head, and a line for each.
class family {
public:
    family(std::string& out, std::string name, const char* type, const char* help) : out_(out), name_(std::move(name))
    {
        out_ += "# HELP " + name_ + " " + help + "\n# TYPE " + name_ + " " + type + "\n";
    }
    void line(const std::string& labels, double value, const char* suffix = "")
    {
        out_ += name_ + suffix + "{" + labels + "} " + number(value) + "\n";
    }

private:
    std::string& out_;
    std::string name_;
};

std::string label(const char* name, const std::string& value)
{
    std::string out = std::string(name) + "=\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out + "\"";
}

void add_requests(std::string& out, const gateway_state& g)
{
    static constexpr const char* classes[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx"};
    family requests(out, "afresh_gateway_requests_total", "counter", "Requests answered.");
    for (const auto& r : g.routes)
        for (std::size_t i = 0; i < r->count().by_class.size(); ++i)
            requests.line(label("target", r->settings().target) + "," + label("code", classes[i]),
                          static_cast<double>(r->count().by_class[i]));
    family now(out, "afresh_gateway_requests_in_flight", "gauge", "Requests under way.");
    for (const auto& r : g.routes)
        now.line(label("target", r->settings().target), static_cast<double>(r->count().in_flight));
}

void add_durations(std::string& out, const gateway_state& g)
{
    family seconds(out, "afresh_gateway_request_duration_seconds", "histogram",
                   "From the request's header to the answer's end.");
    for (const auto& r : g.routes) {
        const http_histogram& h = r->count().duration;
        const std::string target = label("target", r->settings().target);
        double below = 0;
        for (std::size_t i = 0; i < h.bounds.size(); ++i) {
            below += static_cast<double>(h.buckets[i]);
            seconds.line(target + "," + label("le", number(h.bounds[i])), below, "_bucket");
        }
        seconds.line(target + "," + label("le", "+Inf"), static_cast<double>(h.count), "_bucket");
        seconds.line(target, h.sum, "_sum");
        seconds.line(target, static_cast<double>(h.count), "_count");
    }
}

void add_tokens(std::string& out, const gateway_state& g)
{
    std::vector<std::pair<std::string, source_status>> all;
    for (const auto& [name, tokens] : g.sources) all.emplace_back(name, tokens.status());
    const auto each = [&](const char* name, const char* type, const char* help, auto value) {
        family f(out, name, type, help);
        for (const auto& [name_of, s] : all)
            if (const auto v = value(s)) f.line(label("profile", name_of), *v);
    };
    using some = std::optional<double>;
    each("afresh_token_expires_at_seconds", "gauge", "When the token that is held expires.",
         [](const source_status& s) -> some {
             if (!s.expires) return std::nullopt;
             return std::chrono::duration<double>(s.expires->time_since_epoch()).count();
         });
    each("afresh_token_generation", "gauge", "Of the token that is held.",
         [](const source_status& s) -> some { return static_cast<double>(s.generation); });
    each("afresh_token_requests_total", "counter", "Token requests sent.",
         [](const source_status& s) -> some { return static_cast<double>(s.token_requests); });
    each("afresh_token_waiters", "gauge", "Calls that wait for a token.",
         [](const source_status& s) -> some { return static_cast<double>(s.waiters); });
    each("afresh_token_consecutive_failures", "gauge", "Exchanges that failed since the last good one.",
         [](const source_status& s) -> some { return static_cast<double>(s.consecutive_failures); });
}

} // namespace

std::string gateway_metrics(const gateway_state& g)
{
    std::string out;
    add_requests(out, g);
    add_durations(out, g);
    add_tokens(out, g);
    http_metrics apis;
    for (const auto& r : g.routes)
        for (auto& o : r->metrics().origins) apis.origins.push_back(std::move(o));
    return out + prometheus_text(apis);
}

} // namespace afresh::cli
