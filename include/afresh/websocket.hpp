#pragma once
/// @file
/// A WebSocket connection (RFC 6455).

#include <afresh/export.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace afresh {

namespace asio = boost::asio;

/// A whole message, however many frames it came in.
struct websocket_message {
    std::string data;
    bool binary{}; ///< else text, which is valid UTF-8
    websocket_message() = default;
    websocket_message(std::string d, bool b) : data(std::move(d)), binary(b) {}
    bool operator==(const websocket_message&) const = default;
};

/// Settings of one WebSocket connection.
struct websocket_options {
    std::string subprotocols{};                     ///< offered, separated by commas (RFC 6455 11.3.4)
    std::size_t message_limit = 16 * 1024 * 1024;   ///< of a message received
    /// Nothing from the peer for so long ends the connection; at half of it the peer is asked (ping). Zero: never.
    std::chrono::milliseconds idle{60'000};
    bool compress = false; ///< offers permessage-deflate (RFC 7692), which takes 300 KiB per connection
};

/// What `http_client::websocket()` returns. The stream lives on a strand of the client's executor.
///
/// @par Thread safety Distinct objects: safe. Shared objects: one `read()`, one `write()` and one `close()` may be under
///                    way at the same time, from any threads; assignment and destruction may not.
/// @par Lifetime      When it goes, the connection is closed without a goodbye, and calls under way end.
class AFRESH_EXPORT websocket {
public:
    websocket(websocket&&) noexcept;
    websocket& operator=(websocket&&) noexcept;
    ~websocket();

    /// The next message; nothing: the connection was closed in good order, see `close_code()`. Pings are answered here,
    /// so read always.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`: errc::connection_lost; body_timed_out (`idle`);
    ///                    body_limit; malformed_http: the peer breaks the protocol, or sends text that is none. The
    ///                    connection is of no use then.
    /// @par Cancellation  terminal: the connection is closed, since part of a message may be lost.
    asio::awaitable<std::optional<websocket_message>> read();

    /// Sends a message. Returns when the system has taken it. Errors and cancellation as `read()`.
    asio::awaitable<void> write(std::string text);
    asio::awaitable<void> write_binary(std::string bytes);

    /// Says goodbye and waits for the peer's. Messages that come meanwhile are dropped. Without error also when the
    /// peer was first.
    asio::awaitable<void> close(std::uint16_t code = 1000, std::string reason = {});

    std::uint16_t close_code() const noexcept;       ///< of the peer (RFC 6455 7.4); 0: none was said
    const std::string& close_reason() const noexcept;
    const http_fields& fields() const noexcept;      ///< of the answer to the handshake
    const std::string& subprotocol() const noexcept; ///< that was agreed on; empty: none

    struct state;
    /// For the library's own parts.
    explicit websocket(std::shared_ptr<state> s) noexcept;
    state& implementation() noexcept { return *state_; }

private:
    std::shared_ptr<state> state_;
};

} // namespace afresh
