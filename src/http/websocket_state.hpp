#pragma once
// A WebSocket connection on its strand. Beast: included by the two sources of WebSocket only.

#include "net/connection.hpp"
#include "net/turns.hpp"

#include <afresh/beast.hpp>
#include <afresh/websocket.hpp>

#include <boost/asio/cancellation_state.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <memory>
#include <optional>
#include <string>

namespace afresh {

// The connection under Beast's stream.
class connection_link final : public raw_stream::link {
public:
    connection_link(std::unique_ptr<net::connection> c, asio::any_io_executor strand)
        : connection_(std::move(c)), strand_(std::move(strand))
    {
    }
    raw_stream::executor_type get_executor() override { return strand_; }
    void read_some(asio::mutable_buffer into, raw_stream::handler_type h) override
    {
        connection_->read_some(into, std::move(h));
    }
    void write_some(asio::const_buffer from, raw_stream::handler_type h) override
    {
        connection_->write_some(from, std::move(h));
    }
    void close() override { connection_->limit().expire(); } // from any thread; whoever reads or writes is told
    net::deadline& limit() noexcept { return connection_->limit(); }

private:
    const std::unique_ptr<net::connection> connection_;
    const asio::any_io_executor strand_;
};

// What an error of Beast's stands for.
error_code websocket_error(const error_code& of_beast);

// All coroutines run on the strand, and are held by it alone: see net::run_on.
struct websocket::state : std::enable_shared_from_this<state> {
    explicit state(std::shared_ptr<connection_link> l);

    void opened(const websocket_options& options, http_fields of_answer); // the handshake was good

    struct received {
        error_code ec;
        std::optional<websocket_message> message; // neither: closed in good order
    };
    static asio::awaitable<received> read(std::shared_ptr<state> self);
    static asio::awaitable<error_code> write(std::shared_ptr<state> self, std::string data, bool binary);
    static asio::awaitable<error_code> close(std::shared_ptr<state> self, boost::beast::websocket::close_reason why);

    const asio::any_io_executor strand;
    const std::shared_ptr<connection_link> link;
    beast_websocket stream;
    http_fields fields;
    std::string subprotocol;
    std::uint16_t code{};
    std::string reason;

private:
    error_code outcome(error_code ec, const asio::cancellation_state& of_call);

    net::turns readers_;
    net::turns writers_;
    net::turns closers_;
    bool said_goodbye_{};
    error_code over_; // why it is of no use any more; errc::closed: in good order
};

} // namespace afresh
