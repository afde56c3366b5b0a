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

std::string labels_of(const served_route& r)
{
    return label("listen", r.listen) + "," + label("target", r.settings.target);
}

struct counted_route {
    std::string labels;
    traffic_sum count;
};

void add_requests(std::string& out, const std::vector<counted_route>& routes)
{
    static constexpr const char* classes[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx", "gone"};
    family requests(out, "afresh_gateway_requests_total", "counter", "Requests answered.");
    for (const auto& [labels, t] : routes)
        for (std::size_t i = 0; i < endings; ++i)
            requests.line(labels + "," + label("code", classes[i]), static_cast<double>(t.by_ending[i]));
    family now(out, "afresh_gateway_requests_in_flight", "gauge", "Requests under way.");
    for (const auto& [labels, t] : routes) now.line(labels, static_cast<double>(t.in_flight()));
    family again(out, "afresh_gateway_replays_total", "counter",
                 "Requests sent again after a 401, with another token.");
    for (const auto& [labels, t] : routes) again.line(labels, static_cast<double>(t.replayed));
}

void add_durations(std::string& out, const std::vector<counted_route>& routes)
{
    family seconds(out, "afresh_gateway_request_duration_seconds", "histogram",
                   "From the request's header to the answer's end.");
    for (const auto& [labels, t] : routes) {
        double below = 0;
        for (std::size_t i = 0; i <= duration_bounds.size(); ++i) {
            below += static_cast<double>(t.durations[i]);
            const std::string bound = i < duration_bounds.size() ? number(duration_bounds[i]) : "+Inf";
            seconds.line(labels + "," + label("le", bound), below, "_bucket");
        }
        seconds.line(labels, t.seconds, "_sum");
        seconds.line(labels, below, "_count");
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
    std::vector<counted_route> routes;
    http_metrics apis;
    for (const served_route& r : g.routes) {
        routes.push_back({labels_of(r), r.count()});
        for (const auto& t : r.by_thread) apis.add(t->metrics());
    }
    std::string out;
    add_requests(out, routes);
    add_durations(out, routes);
    add_tokens(out, g);
    return out + prometheus_text(apis);
}

} // namespace afresh::cli
