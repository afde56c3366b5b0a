#pragma once
// Where the gateway is reached. Asio.

#include "cli/gateway/inbound.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace afresh::cli {

// "127.0.0.1:8080", "[::1]:8080" or "unix:/run/x.sock".
struct listen_address {
    asio::generic::stream_protocol::endpoint endpoint;
    std::string socket_file; // of a UNIX socket
    bool is_local{};         // nobody beyond this machine reaches it
};
// Throws std::runtime_error.
listen_address parse_listen_address(const std::string& text);

// Serves each connection with one coroutine.
class listener {
public:
    using server = std::function<asio::awaitable<void>(std::shared_ptr<inbound>)>;

    // Listens from here on. Throws std::runtime_error with the address.
    listener(asio::any_io_executor executor, const std::string& address, server serve);
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    void start();
    // Takes no more connections; those that are idle end, others when they have been served.
    void drain();
    std::size_t connections() const noexcept { return open_.size(); }
    std::string name() const { return name_; } // with the port, if any was to be had

private:
    asio::awaitable<void> accept();
    asio::awaitable<void> sweep();
    void serve(inbound_socket socket);

    asio::any_io_executor executor_;
    listen_address address_;
    std::string name_;
    asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
    server serve_;
    std::set<std::shared_ptr<inbound>> open_;
};

} // namespace afresh::cli
