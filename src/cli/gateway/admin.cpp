#include "cli/gateway/admin.hpp"

#include "cli/gateway/forwarding.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <set>
#include <utility>

namespace afresh::cli {
namespace {

namespace json = boost::json;

struct reply {
    reply(unsigned s, const char* t, std::string b) : status(s), type(t), body(std::move(b)) {}
    unsigned status;
    const char* type;
    std::string body;
};

// The sources of all routes, each once.
std::vector<token_source> sources_of(const routes& all)
{
    std::vector<token_source> out;
    std::set<std::string> seen;
    for (const auto& r : all)
        if (seen.insert(r->tokens().key()).second) out.push_back(r->tokens());
    return out;
}

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

void add_requests(std::string& out, const routes& all)
{
    static constexpr const char* classes[] = {"broken", "1xx", "2xx", "3xx", "4xx", "5xx"};
    family requests(out, "afresh_gateway_requests_total", "counter", "Requests answered.");
    for (const auto& r : all)
        for (std::size_t i = 0; i < r->count().by_class.size(); ++i)
            requests.line(label("target", r->settings().target) + "," + label("code", classes[i]),
                          static_cast<double>(r->count().by_class[i]));
    family now(out, "afresh_gateway_requests_in_flight", "gauge", "Requests under way.");
    for (const auto& r : all)
        now.line(label("target", r->settings().target), static_cast<double>(r->count().in_flight));
}

void add_durations(std::string& out, const routes& all)
{
    family seconds(out, "afresh_gateway_request_duration_seconds", "histogram",
                   "From the request's header to the answer's end.");
    for (const auto& r : all) {
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

void add_tokens(std::string& out, const routes& all)
{
    const auto sources = sources_of(all);
    std::vector<source_status> states;
    for (const token_source& s : sources) states.push_back(s.status());
    const auto each = [&](const char* name, const char* type, const char* help, auto value) {
        family f(out, name, type, help);
        for (std::size_t i = 0; i < sources.size(); ++i)
            if (const auto v = value(states[i])) f.line(label("profile", sources[i].key()), *v);
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

// Whether each source has a token that can be used now.
reply ready(const routes& all)
{
    json::array sources;
    bool good = true;
    for (const token_source& s : sources_of(all)) {
        const auto token = s.try_get();
        json::object o;
        o["profile"] = s.key();
        o["ready"] = token.has_value();
        if (!token) o["why"] = token.error().message();
        good = good && token.has_value();
        sources.push_back(o);
    }
    return {good ? 200u : 503u, "application/json", json::serialize(sources) + "\n"};
}

reply answer_to(const std::string& path, const routes& all)
{
    if (path == "/healthz") return {200, "text/plain", "ok\n"};
    if (path == "/readyz") return ready(all);
    if (path == "/metrics") return {200, "text/plain; version=0.0.4", gateway_metrics(all)};
    return {404, "application/problem+json", problem(404, "Not Found", "there are /healthz, /readyz and /metrics")};
}

} // namespace

std::string gateway_metrics(const routes& all)
{
    std::string out;
    add_requests(out, all);
    add_durations(out, all);
    add_tokens(out, all);
    http_metrics apis;
    for (const auto& r : all)
        for (auto& o : r->metrics().origins) apis.origins.push_back(std::move(o));
    return out + prometheus_text(apis);
}

asio::awaitable<void> serve_admin(std::shared_ptr<inbound> in, std::shared_ptr<const routes> all)
{
    while (co_await in->read_header()) {
        std::string path = in->target();
        path.resize(std::min(path.size(), path.find('?')));
        reply r = answer_to(path, *all);
        if (in->method() != "GET" && in->method() != "HEAD")
            r = reply(405, "application/problem+json", problem(405, "Method Not Allowed", "only GET"));
        http_fields fields;
        fields.add("Content-Type", r.type);
        fields.add("Cache-Control", "no-store");
        co_await in->answer(r.status, std::move(fields), std::move(r.body));
        if (!in->may_go_on()) co_return;
    }
}

} // namespace afresh::cli
