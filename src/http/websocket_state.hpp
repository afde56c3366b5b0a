#pragma once
// A WebSocket connection on its strand. Beast: included by the two sources of WebSocket only.

#include "http/connection_link.hpp"
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
