#include "cli/gateway/route.hpp"

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/recorded_body.hpp"
#include "cli/gateway/refusal.hpp"
#include "cli/gateway/tunnel.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace afresh::cli {
namespace {

constexpr std::uint64_t read_first = 16 * 1024; // bodies up to this size

http_client_options options_for(const route_settings& settings, const tls_options& tls)
{
    http_client_options o;
    o.tls = tls;
    o.redirects.most = 0;                               // they are for whoever asked
    o.decompress = false;                               // nor is anything else of the answer the gateway's
    o.limits.total = std::chrono::milliseconds::zero(); // a body takes as long as its caller does
    o.limits.first_byte = o.limits.body_idle = std::chrono::seconds(settings.timeout);
    o.limits.connections_per_origin = settings.connections;
    o.limits.idle_per_origin = settings.connections;
    o.limits.idle_total = settings.connections;
    return o;
}

} // namespace

route::route(asio::any_io_executor executor, route_settings settings, token_source tokens, const tls_options& tls,
             std::shared_ptr<traffic> counted, const event_log& log)
    : settings_(std::move(settings)),
      api_(std::move(executor), std::move(tokens), options_for(settings_, tls)),
      counted_(std::move(counted)),
      log_(log)
{
}

std::uint64_t route::replayed() const
{
    std::uint64_t n = 0;
    for (const http_origin_metrics& o : metrics().origins) n += o.replays;
    return n;
}

asio::awaitable<void> route::answer(std::shared_ptr<inbound> in)
{
    const auto begin = std::chrono::steady_clock::now();
    counted_->begun.add();
    unsigned status = 0;
    std::size_t how = 0;
    std::string why;
    std::exception_ptr broken;
    try {
        co_await forward(in, status, why);
        how = traffic::ending_of(status);
    } catch (const std::exception& e) { // of the API in the middle of its answer, or of this connection
        const auto* const of_system = dynamic_cast<const boost::system::system_error*>(&e);
        const bool of_api = of_system && of_system->code().category() == error_category();
        how = static_cast<std::size_t>(of_api ? ending::broken_off : ending::caller_gone);
        broken = std::current_exception();
        why = e.what();
    }
    const auto took = std::chrono::steady_clock::now() - begin;
    counted_->end(how, took);
    const bool failed = how == static_cast<std::size_t>(ending::broken_off) || how == 5;
    if (settings_.log == request_log::all || (failed && settings_.log == request_log::failed))
        tell(*in, broken ? (failed ? "broken off" : "caller gone") : std::to_string(status), failed, took, why);
    if (broken) std::rethrow_exception(broken);
}

void route::tell(const inbound& in, const std::string& status, bool failed, std::chrono::nanoseconds took,
                 const std::string& why) const
{
    std::string path(in.target());
    path.resize(std::min(path.size(), path.find('?'))); // there may be secrets behind it
    const std::string method(in.method());
    const std::string ms = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    const std::string& target = settings_.target;
    if (failed)
        log_.warning("request failed", {{"method", method},
                                        {"path", path},
                                        {"target", target},
                                        {"status", status},
                                        {"ms", ms},
                                        {"why", why.empty() ? "the API's own answer" : why}});
    else
        log_.info("request", {{"method", method}, {"path", path}, {"target", target}, {"status", status}, {"ms", ms}});
}

// A body that is short can be sent again after a 401; so can one of unknown length, until it turns out to be long. A very
// short one leaves together with the request's header.
asio::awaitable<void> route::take_body(inbound& in, http_request& request)
{
    const std::uint64_t limit = settings_.body_limit;
    const auto length = in.content_length();
    if (length && *length <= std::min(limit, read_first)) {
        std::string body = co_await in.read_body();
        request.body(std::move(body));
    } else if (limit == 0 || (length && *length > limit)) {
        request.body(in.body());
    } else {
        request.body(std::make_shared<recorded_body>(in.body(), limit));
    }
}

asio::awaitable<void> route::forward(const std::shared_ptr<inbound>& in, unsigned& status, std::string& why)
{
    http_request request(std::string(in->method()), forward_url(settings_.target, in->target()));
    std::optional<refusal> refused;
    if (request.url().empty()) refused.emplace(400, "the request's target is no path");
    if (request.method() == "CONNECT") refused.emplace(501, "the gateway is no proxy for CONNECT");
    // Else any page that somebody looks at on this machine could use the token.
    if (is_of_strange_page(in->fields(), settings_.web_origins))
        refused.emplace(403, "a page of another origin asks, which is not among the route's web_origins");
    if (!refused) {
        forward_request(in->fields(), request.fields());
        if (in->has_body()) co_await take_body(*in, request);
        try {
            if (!wanted_protocol(in->fields()).empty())
                co_return co_await switch_protocols(in, std::move(request), status);
            http_stream answer = co_await api_.open(std::move(request));
            status = answer.status();
            field_views fields;
            forward_answer(answer.fields(), fields);
            const bool events = !in->begin(status, fields); // perhaps, and none has happened yet
            do {
                auto piece = answer.try_read();
                if (!piece) {
                    if (events) co_await in->flush();
                    piece = co_await answer.read();
                }
                using enum inbound::more;
                if (!in->write_now(*piece, answer.at_end() ? nothing : follows)) co_await in->flush();
            } while (!answer.at_end());
            co_return;
        } catch (const boost::system::system_error& e) {
            if (in->has_begun()) throw; // what was begun cannot be taken back: the connection ends
            refused = refusal_of(e);
        }
    }
    status = refused->status;
    why = refused->why;
    co_await answer_refusal(*in, *std::move(refused));
}

asio::awaitable<void> route::switch_protocols(const std::shared_ptr<inbound>& in, http_request request,
                                              unsigned& status)
{
    request.field("Upgrade", std::string(wanted_protocol(in->fields())));
    http_upgrade made = co_await api_.upgrade(std::move(request));
    status = made.answer.status();
    field_views fields;
    forward_answer(made.answer.fields(), fields);
    if (!made.stream) {
        http_fields copied;
        for (const field_view& f : fields) copied.append(f.name, f.value);
        co_return co_await in->answer(status, std::move(copied), std::move(made.answer.body()));
    }
    fields.push_back({"Connection", "Upgrade"});
    fields.push_back({"Upgrade", made.answer.fields().find("Upgrade")});
    in->switch_protocols(fields);
    co_await in->flush();
    co_await tunnel(in, *std::move(made.stream), std::move(made.read_already));
}

} // namespace afresh::cli
