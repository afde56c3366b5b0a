#include "cli/gateway/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace afresh::cli {
namespace {

using asio::ip::tcp;

[[noreturn]] void fail(const std::string& address, const std::string& why)
{
    throw std::runtime_error("listen: " + address + ": " + why);
}

// Of a gateway that was killed. One that is in use is left alone: then bind() fails.
void remove_stale_socket(asio::any_io_executor executor, const std::string& path)
{
    struct ::stat s {};
    if (::lstat(path.c_str(), &s) != 0 || !S_ISSOCK(s.st_mode)) return;
    asio::local::stream_protocol::socket probe(std::move(executor));
    boost::system::error_code ec;
    probe.connect(asio::local::stream_protocol::endpoint(path), ec);
    if (ec == asio::error::connection_refused) ::unlink(path.c_str());
}

std::string with_port(const std::string& text, const asio::generic::stream_protocol::endpoint& bound)
{
    if (bound.protocol().family() != AF_INET && bound.protocol().family() != AF_INET6) return text;
    const auto* const in = static_cast<const ::sockaddr*>(bound.data());
    const std::uint16_t port = bound.protocol().family() == AF_INET
                                   ? ntohs(reinterpret_cast<const ::sockaddr_in*>(in)->sin_port)
                                   : ntohs(reinterpret_cast<const ::sockaddr_in6*>(in)->sin6_port);
    return text.substr(0, text.rfind(':') + 1) + std::to_string(port);
}

} // namespace

listen_address parse_listen_address(const std::string& text)
{
    listen_address a;
    if (text.starts_with("unix:")) {
        a.socket_file = text.substr(5);
        if (a.socket_file.empty() || a.socket_file.size() > 100) fail(text, "the path is empty or too long");
        a.endpoint = asio::local::stream_protocol::endpoint(a.socket_file);
        a.is_local = true;
        return a;
    }
    const auto colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    unsigned port = 0;
    const char* const end = text.data() + text.size();
    const bool number = colon != std::string::npos && colon + 1 < text.size() &&
                        std::from_chars(text.data() + colon + 1, end, port).ptr == end && port <= 65535;
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (!number || ec) fail(text, "is no address; write 127.0.0.1:8080, [::1]:8080 or unix:/run/afresh/api.sock");
    a.endpoint = tcp::endpoint(address, static_cast<std::uint16_t>(port));
    a.is_local = address.is_loopback();
    return a;
}

listener::listener(asio::any_io_executor executor, const std::string& address, server serve)
    : executor_(std::move(executor)),
      address_(parse_listen_address(address)),
      name_(address),
      acceptor_(executor_),
      serve_(std::move(serve))
{
    try {
        if (!address_.socket_file.empty()) remove_stale_socket(executor_, address_.socket_file);
        acceptor_.open(address_.endpoint.protocol());
        if (address_.socket_file.empty()) acceptor_.set_option(asio::socket_base::reuse_address(true));
        const ::mode_t mask = ::umask(0177); // of a UNIX socket: for its owner alone
        boost::system::error_code ec;
        acceptor_.bind(address_.endpoint, ec);
        ::umask(mask);
        if (ec) throw boost::system::system_error(ec);
        acceptor_.listen(4096);
        name_ = with_port(address, acceptor_.local_endpoint());
    } catch (const boost::system::system_error& e) {
        fail(address, e.code().message());
    }
}

listener::~listener()
{
    if (!address_.socket_file.empty() && acceptor_.is_open()) ::unlink(address_.socket_file.c_str());
}

void listener::start()
{
    asio::co_spawn(executor_, accept(), asio::detached);
    asio::co_spawn(executor_, sweep(), asio::detached);
}

asio::awaitable<void> listener::sweep()
{
    asio::steady_timer timer(executor_);
    for (;;) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        for (const auto& c : open_) c->give_up_if_overdue(std::chrono::steady_clock::now());
    }
}

asio::awaitable<void> listener::accept()
{
    asio::steady_timer pause(executor_);
    while (acceptor_.is_open()) {
        inbound_socket socket(executor_);
        auto [ec] = co_await acceptor_.async_accept(socket, asio::as_tuple(asio::use_awaitable));
        if (ec == asio::error::operation_aborted) break;
        if (ec) { // no descriptor is free, say: those that are open will end
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(asio::use_awaitable);
            continue;
        }
        serve(std::move(socket));
    }
}

void listener::serve(inbound_socket socket)
{
    boost::system::error_code ignored; // a UNIX socket knows no such option
    if (address_.socket_file.empty())
        socket.set_option(asio::detail::socket_option::boolean<IPPROTO_TCP, TCP_NODELAY>(true), ignored);
    const auto connection = std::make_shared<inbound>(std::move(socket));
    open_.insert(connection);
    asio::co_spawn(executor_, serve_(connection), [this, connection](const std::exception_ptr&) { // it has broken off
        connection->close();
        open_.erase(connection);
    });
}

void listener::drain()
{
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    if (!address_.socket_file.empty()) ::unlink(address_.socket_file.c_str());
    for (const auto& c : open_) c->drain();
}

} // namespace afresh::cli
