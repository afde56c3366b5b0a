#include "cli/gateway/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

namespace afresh::cli {
namespace {

using acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol>;

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

// A descriptor of systemd's is used by a copy, so that it is there for the next listener.
void take_over(acceptor& a, const listen_address& address)
{
    const int copy = ::fcntl(address.inherited, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw boost::system::system_error(errno, boost::system::system_category());
    a.assign(address.endpoint.protocol(), copy);
}

void bind(acceptor& a, const listen_address& address)
{
    if (!address.socket_file.empty()) remove_stale_socket(a.get_executor(), address.socket_file);
    a.open(address.endpoint.protocol());
    if (address.socket_file.empty()) a.set_option(asio::socket_base::reuse_address(true));
    const ::mode_t mask = ::umask(0177);
    boost::system::error_code ec;
    a.bind(address.endpoint, ec);
    ::umask(mask);
    if (ec) throw boost::system::system_error(ec);
    a.listen(4096);
}

} // namespace

listener::listener(asio::any_io_executor executor, const std::string& address)
    : address_(parse_listen_address(address)), acceptor_(std::move(executor))
{
    try {
        if (address_.inherited >= 0)
            take_over(acceptor_, address_);
        else
            bind(acceptor_, address_);
        name_ = bound_name(address, acceptor_.local_endpoint());
    } catch (const boost::system::system_error& e) {
        throw std::runtime_error("listen: " + address + ": " + e.code().message());
    }
}

listener::~listener()
{
    if (!address_.socket_file.empty() && acceptor_.is_open()) ::unlink(address_.socket_file.c_str());
}

void listener::open_to_others(bool open) const
{
    if (!address_.socket_file.empty()) ::chmod(address_.socket_file.c_str(), open ? 0666 : 0600);
}

void listener::start() { asio::co_spawn(acceptor_.get_executor(), accept(), asio::detached); }

asio::awaitable<void> listener::accept()
{
    asio::steady_timer pause(acceptor_.get_executor());
    while (acceptor_.is_open()) {
        const auto to = threads_[next_++ % threads_.size()];
        auto [ec, socket] = co_await acceptor_.async_accept(to->executor(), asio::as_tuple(asio::use_awaitable));
        if (ec == asio::error::operation_aborted) break;
        if (ec) { // no descriptor is free, say: those that are open will end
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(asio::use_awaitable);
            continue;
        }
        hand_over(std::move(socket), to);
    }
}

void listener::hand_over(inbound_socket socket, std::shared_ptr<connections> to)
{
    if (!address_.is_unix()) {
        boost::system::error_code ignored;
        socket.set_option(asio::detail::socket_option::boolean<IPPROTO_TCP, TCP_NODELAY>(true), ignored);
        socket.set_option(asio::socket_base::keep_alive(true), ignored); // of those that wait for ever
    }
    asio::dispatch(to->executor(), [to, s = std::move(socket)]() mutable { to->serve(std::move(s)); });
}

void listener::drain()
{
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    if (!address_.socket_file.empty()) ::unlink(address_.socket_file.c_str());
    for (const auto& t : threads_) asio::dispatch(t->executor(), [t] { t->drain(); });
}

void listener::sweep()
{
    for (const auto& t : threads_) asio::dispatch(t->executor(), [t] { t->sweep(); });
}

std::size_t listener::connections_open() const noexcept
{
    std::size_t n = 0;
    for (const auto& t : threads_) n += t->size();
    return n;
}

} // namespace afresh::cli
