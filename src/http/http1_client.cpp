#include "http/http1_state.hpp"
#include "net/dial.hpp"

#include <boost/system/system_error.hpp>

#include <sys/un.h>

#include <algorithm>

namespace afresh::http {
namespace {

void refuse(const char* what) { throw boost::system::system_error(make_error_code(errc::invalid_argument), what); }

void check(const http_client_options& o)
{
    const http_limits& l = o.limits;
    const bool times_ok = std::min({l.connect, l.tls, l.pool_wait, l.idle, l.age}) > milliseconds::zero() &&
                          std::min({l.first_byte, l.body_idle, l.total, l.expect_continue}) >= milliseconds::zero();
    const bool counts_ok = std::min({l.header, l.body, l.connections_per_origin, l.waiters_per_origin,
                                     l.idle_per_origin, l.idle_total}) > 0;
    if (!times_ok || !counts_ok) refuse("http_limits: a value is out of range");
    const retry_policy& r = o.retries;
    if (r.first < milliseconds::zero() || r.most < milliseconds::zero() || !(r.budget >= 0))
        refuse("retry_policy: a value is out of range");
    if (o.unix_socket.size() >= sizeof sockaddr_un::sun_path) refuse("http_client_options: unix_socket is too long");
}

} // namespace

http_response call_result::take_response()
{
    http_response response(got.status(), std::move(got.fields()), std::move(body));
    response.url(std::move(url));
    return response;
}

http1_client::http1_client(asio::any_io_executor executor, const http_client_options& options)
{
    check(options);
    state_ = std::make_shared<state>(std::move(executor), options);
}

namespace {

http_client_options with(const tls_options& tls, const http_limits& limits)
{
    http_client_options o;
    o.tls = tls;
    o.limits = limits;
    return o;
}

} // namespace

http1_client::http1_client(asio::any_io_executor executor, const tls_options& tls, const http_limits& limits)
    : http1_client(std::move(executor), with(tls, limits))
{
}

http1_client::~http1_client() { close(); }

void http1_client::close() { state_->pool->close(); }

const http_client_options& http1_client::options() const noexcept { return state_->options; }
const asio::any_io_executor& http1_client::executor() const noexcept { return state_->executor; }

asio::awaitable<net::dial_result> http1_client::dial(asio::any_io_executor io, const core::url_parts& to,
                                                     net::clock::time_point by)
{
    const auto keep = state_;
    net::route way = keep->way_to(to);
    way.always_tunnel = true;
    const net::dial_limits limits{keep->options.limits.connect, keep->options.limits.tls, by};
    const auto begin = clock::now();
    const std::string origin = to.origin;
    auto made = co_await net::dial(io, to, way, keep->names, *keep->tls, limits);
    if (made.link)
        keep->watch.connected(origin, clock::now() - begin);
    else
        keep->watch.connect_failed(origin, clock::now() - begin, made.ec, made.detail);
    co_return made;
}
std::vector<connection_pool::usage> http1_client::in_use() const { return state_->pool->in_use(); }

http_metrics http1_client::metrics() const
{
    http_metrics all = state_->watch.snapshot();
    for (const auto& u : state_->pool->in_use()) {
        const std::string_view origin = std::string_view(u.origin).substr(0, u.origin.find(' ')); // not the proxy
        const auto same = [&](const http_origin_metrics& o) { return o.origin == origin; };
        auto o = std::find_if(all.origins.begin(), all.origins.end(), same);
        if (o == all.origins.end()) { // nothing was counted there yet
            o = all.origins.emplace(o);
            o->origin = origin;
        }
        o->active += u.active;
        o->idle += u.idle;
        o->waiting += u.waiting;
    }
    return all;
}

asio::awaitable<void> http1_client::call(http_request& request, call_options how, call_result& out)
{
    return state_->call(request, how, out);
}

asio::awaitable<call_result> http1_client::open(http_request& request, call_options how)
{
    const auto keep = state_; // the client may be destroyed meanwhile
    call_result r;
    try {
        co_await keep->call(request, how, r);
    } catch (const boost::system::system_error& e) {
        fail(r, e.code(), false); // cancelled between two operations; those under way report for themselves
    }
    co_return r;
}

asio::awaitable<transport_outcome> http1_client::send(http_request& request, call_options how)
{
    call_result r = co_await open(request, how);
    transport_outcome outcome;
    outcome.ec = r.ec;
    outcome.detail = std::move(r.detail);
    outcome.sent = r.sent;
    if (!r.ec) outcome.response = r.take_response();
    co_return outcome;
}

asio::awaitable<transport_outcome> http1_client::send(http_request request) { co_return co_await send(request, {}); }

} // namespace afresh::http
