#include "cli/gateway/route.hpp"

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/refusal.hpp"

#include <boost/system/system_error.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace afresh::cli {
namespace {

http_client_options options_for(const route_settings& settings, const tls_options& tls)
{
    http_client_options o;
    o.tls = tls;
    o.redirects.most = 0; // they are for whoever asked
    o.decompress = false; // nor is anything else of the answer the gateway's
    o.limits.connections_per_origin = settings.connections;
    o.limits.idle_per_origin = settings.connections;
    o.limits.idle_total = settings.connections;
    return o;
}

} // namespace

route::route(route_settings settings, token_source tokens, const tls_options& tls)
    : settings_(std::move(settings)), tokens_(std::move(tokens)), api_(tokens_, options_for(settings_, tls))
{
}

void route::close() { api_.close(); }

asio::awaitable<void> route::serve(std::shared_ptr<inbound> in)
{
    const auto keep = shared_from_this();
    while (co_await in->read_header()) {
        const auto begin = std::chrono::steady_clock::now();
        unsigned status = 0;
        ++count_.in_flight;
        std::exception_ptr broken;
        try {
            co_await forward(*in, status);
        } catch (const std::exception&) { // of this connection, or in the middle of the API's answer
            broken = std::current_exception();
        }
        --count_.in_flight;
        ++count_.by_class.at(broken ? 0 : status / 100);
        count_.duration.record(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
        if (broken || !in->may_go_on()) co_return;
    }
}

asio::awaitable<void> route::forward(inbound& in, unsigned& status)
{
    const std::string url = forward_url(settings_.target, in.target());
    http_fields fields = in.fields();
    std::string why;
    if (url.empty()) why = "the request's target is no path";
    if (in.method() == "CONNECT" || fields.contains("Upgrade")) why = "the gateway switches no protocols";
    if (!why.empty()) {
        status = url.empty() ? 400 : 501;
        co_return co_await answer_refusal(in, refusal(status, std::move(why)));
    }
    http_request request(in.method(), url);
    request.fields() = forward_request(fields);
    if (in.has_body() && in.is_shorter_than(settings_.body_limit)) {
        std::string body = co_await in.read_body();
        request.body(std::move(body)); // can be sent again after a 401
    } else if (in.has_body()) {
        request.body(in.body());
    }
    co_await pass_on(in, std::move(request), status);
}

asio::awaitable<void> route::pass_on(inbound& in, http_request request, unsigned& status)
{
    std::optional<refusal> refused;
    try {
        http_stream answer = co_await api_.open(std::move(request));
        status = answer.status();
        http_fields fields = forward_answer(answer.fields());
        in.begin(status, fields);
        if (!fields.contains("Content-Length")) co_await in.flush(); // events, perhaps, and none has happened yet
        for (;;) {
            std::string piece = co_await answer.read();
            if (piece.empty()) break;
            co_await in.write(std::move(piece));
        }
        co_return co_await in.end();
    } catch (const boost::system::system_error& e) {
        if (in.has_begun()) throw; // what was begun cannot be taken back: the connection ends
        refused = refusal_of(e.code(), e.what());
    }
    status = refused->status;
    co_await answer_refusal(in, *std::move(refused));
}

} // namespace afresh::cli
