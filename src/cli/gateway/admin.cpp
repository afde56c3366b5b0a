#include "cli/gateway/admin.hpp"

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/status_page.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string>
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

// Whether each source has a token that can be used now.
reply ready(const gateway_state& g)
{
    json::array sources;
    bool good = true;
    for (const auto& [name, tokens] : g.sources) {
        const auto token = tokens.try_get();
        json::object o;
        o["profile"] = name;
        o["ready"] = token.has_value();
        if (!token) o["why"] = token.error().message();
        good = good && token.has_value();
        sources.push_back(o);
    }
    return {good ? 200u : 503u, "application/json", json::serialize(sources) + "\n"};
}

reply answer_to(const std::string& path, const gateway_state& g)
{
    if (path == "/") return {200, "text/html; charset=utf-8", std::string(status_html)};
    if (path == "/status.css") return {200, "text/css", std::string(status_css)};
    if (path == "/status.js") return {200, "text/javascript", std::string(status_js)};
    if (path == "/status.json") return {200, "application/json", gateway_json(g)};
    if (path == "/healthz") return {200, "text/plain", "ok\n"};
    if (path == "/readyz") return ready(g);
    if (path == "/metrics") return {200, "text/plain; version=0.0.4", gateway_metrics(g)};
    return {404, "application/problem+json",
            problem(404, "Not Found", "there are /, /status.json, /healthz, /readyz and /metrics")};
}

http_fields fields_for(const char* type)
{
    http_fields fields;
    fields.add("Content-Type", type);
    fields.add("Cache-Control", "no-store");
    fields.add(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'");
    fields.add("X-Content-Type-Options", "nosniff");
    return fields;
}

// Server-sent events: a picture each second, for as long as somebody looks.
asio::awaitable<void> send_pictures(inbound& in, const gateway_state& g)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const http_fields fields = fields_for("text/event-stream");
    in.begin(200, views_of(fields));
    while (!in.is_draining()) {
        std::string picture = "data: " + gateway_json(g);
        picture += '\n';
        co_await in.write(std::move(picture));
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
    co_await in.end();
}

} // namespace

asio::awaitable<void> answer_admin(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g)
{
    std::string path(in->target());
    path.resize(std::min(path.size(), path.find('?')));
    const bool reads = in->method() == "GET" || in->method() == "HEAD";
    if (path == "/events" && in->method() == "GET") co_return co_await send_pictures(*in, *g);
    reply r = reads ? answer_to(path, *g)
                    : reply(405, "application/problem+json", problem(405, "Method Not Allowed", "only GET"));
    co_await in->answer(r.status, fields_for(r.type), std::move(r.body));
}

} // namespace afresh::cli
