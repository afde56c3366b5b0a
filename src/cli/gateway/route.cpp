#include "cli/gateway/route.hpp"

#include "cli/gateway/forwarding.hpp"

#include <boost/system/system_error.hpp>

#include <exception>
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

// Whose fault it is, in the words of RFC 9110 15.6.
unsigned status_for(const error_code& ec)
{
    if (ec == condition::sign_in || ec == condition::misconfigured) return 502;
    if (ec.category() != error_category()) return 502;
    switch (static_cast<errc>(ec.value())) {
    case errc::temporarily_unavailable:
    case errc::wait_timed_out:
    case errc::malformed_response:
    case errc::store_failed:
    case errc::pool_timed_out:
    case errc::closed: return 503;
    case errc::connect_timed_out:
    case errc::tls_timed_out:
    case errc::first_byte_timed_out:
    case errc::body_timed_out:
    case errc::total_timed_out: return 504;
    case errc::invalid_argument:
    case errc::body_failed: return 400;
    default: return 502;
    }
}

const char* title_of(unsigned status)
{
    switch (status) {
    case 400: return "Bad Request";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Bad Gateway";
    }
}

asio::awaitable<void> answer_problem(inbound& in, unsigned status, std::string why)
{
    http_fields fields;
    fields.add("Content-Type", "application/problem+json");
    fields.add("Cache-Control", "no-store");
    if (status == 503) fields.add("Retry-After", "1");
    std::string body = problem(status, title_of(status), why);
    co_await in.answer(status, std::move(fields), std::move(body));
}

} // namespace

route::route(route_settings settings, token_source tokens, const tls_options& tls)
    : settings_(std::move(settings)), tokens_(std::move(tokens)), api_(tokens_, options_for(settings_, tls))
{
}

void route::close()
{
    api_.close();
    tokens_.close();
}

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
        co_return co_await answer_problem(in, status, std::move(why));
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
    error_code ec;
    std::string why;
    try {
        http_stream answer = co_await api_.open(std::move(request));
        status = answer.status();
        http_fields fields = forward_answer(answer.fields());
        co_await in.begin(status, fields);
        for (;;) {
            std::string piece = co_await answer.read();
            if (piece.empty()) break;
            co_await in.write(std::move(piece));
        }
        co_return co_await in.end();
    } catch (const boost::system::system_error& e) {
        if (in.has_begun()) throw; // what was begun cannot be taken back: the connection ends
        ec = e.code();
        why = e.what();
    }
    co_await refuse(in, ec, std::move(why), status);
}

asio::awaitable<void> route::refuse(inbound& in, const error_code& ec, std::string why, unsigned& status)
{
    status = status_for(ec);
    why.resize(std::min(why.size(), why.rfind(" [")));
    co_await answer_problem(in, status, std::move(why));
}

} // namespace afresh::cli
