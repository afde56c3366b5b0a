#pragma once
// Where the gateway is reached. Asio.

#include "cli/gateway/connections.hpp"
#include "cli/gateway/listen_address.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {

// Accepts on one executor, and hands connections to the threads in turn.
class listener {
public:
    // Listens from here on. Throws std::runtime_error with the address.
    listener(asio::any_io_executor executor, const std::string& address);
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    // Once, before start().
    void serve_on(std::vector<std::shared_ptr<connections>> threads) { threads_ = std::move(threads); }
    const std::vector<std::shared_ptr<connections>>& threads() const noexcept { return threads_; }
    void start();
    bool is_unix() const { return address_.is_unix(); }
    // A UNIX socket is for its owner alone, unless somebody looks at who calls.
    void open_to_others(bool open) const;
    // Takes no more connections, and drains those that there are.
    void drain();
    // Of all its connections: see connections::sweep().
    void sweep();
    std::size_t connections_open() const noexcept;
    const std::string& name() const noexcept { return name_; } // with the port, if any was to be had

private:
    asio::awaitable<void> accept();
    void hand_over(inbound_socket socket, std::shared_ptr<connections> to);

    const listen_address address_;
    std::string name_;
    asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
    std::vector<std::shared_ptr<connections>> threads_;
    std::size_t next_{};
};

} // namespace afresh::cli
