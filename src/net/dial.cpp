#include "net/dial.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <tuple>

namespace afresh::net {
namespace {

constexpr std::chrono::milliseconds stagger(250); // RFC 8305 5

// A peer that vanishes is noticed within half a minute, whatever the protocol is doing (RFC 1122 4.2.3.6, RFC 5482).
void set_options(stream_socket& socket)
{
    const auto set = [fd = socket.native_handle()](int level, int name, int value) {
        ::setsockopt(fd, level, name, &value, sizeof value); // fails on a UNIX socket, which needs none of it
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

asio::awaitable<result<stream_socket>> reach(asio::any_io_executor io, const core::url_parts& to, const route& way,
                                             std::shared_ptr<address_book> names, clock::time_point until)
{
    if (!way.local.empty()) co_return co_await connect_local(io, way.local, until);
    const std::string host(way.via ? way.via->host : to.host());
    const std::uint16_t port = way.via ? way.via->port : to.port;
    auto found = co_await names->find(host, port, until);
    if (!found) co_return found.error();
    auto socket = co_await connect_any(io, std::move(*found), stagger, until);
    if (!socket) names->forget(host, port);
    co_return std::move(socket);
}

} // namespace

asio::awaitable<dial_result> dial(asio::any_io_executor io, const core::url_parts& to, const route& way,
                                  std::shared_ptr<address_book> names, tls_context& tls, const dial_limits& limits)
{
    dial_result r;
    const auto until = std::min(limits.by, clock::now() + limits.tcp);
    auto socket = co_await reach(io, to, way, names, until);
    if (!socket) {
        r.ec = socket.error();
        co_return r;
    }
    set_options(*socket);
    auto link = std::make_unique<connection>(std::move(*socket));
    if (way.via && (to.is_https() || way.via->is_socks() || way.always_tunnel)) {
        link->limit().expire_at(until);
        r.ec = co_await open_tunnel(*link, *way.via, to, *names, until, r.detail);
        link->limit().stop();
        if (link->limit().expired()) r.ec = errc::connect_timed_out;
    }
    if (!r.ec && to.is_https()) {
        const std::string host(to.host());
        link->limit().expire_at(std::min(limits.by, clock::now() + limits.tls));
        std::tie(r.ec, r.detail) = co_await link->handshake(tls, host, to.port);
        link->limit().stop();
        if (!r.ec && link->limit().expired()) r.ec = errc::tls_timed_out;
    }
    if (!r.ec) r.link = std::move(link);
    co_return r;
}

} // namespace afresh::net
