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
    std::string subprotocols{};                   ///< offered, separated by commas (RFC 6455 11.3.4)
    std::size_t message_limit = 16 * 1024 * 1024; ///< bytes of a message received; 0: none
    /// Nothing from the peer for so long ends the connection; at half of it the peer is asked (ping). Zero: never.
    std::chrono::milliseconds idle{60'000};
    std::chrono::milliseconds close{
        5'000};            ///< how long `websocket::close()` waits for the peer's goodbye; zero: for ever
    bool compress = false; ///< offers permessage-deflate (RFC 7692)
};

/// What `http_client::websocket()` returns. It lives on a strand of the client's executor; calls run on the awaiting
/// coroutine's executor, whichever that is.
///
/// @par Thread safety Distinct objects: safe. Shared objects: calls are safe from all threads, any number at a time, and
///                    served in the order they came; assignment and destruction are not.
/// @par Lifetime      When it goes, the connection is closed without a goodbye, and calls under way end. The execution
///                    context of the client must outlive it.
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
    ///                    connection is of no use then: connect again.
    /// @par Cancellation  terminal: the connection is closed, since part of a message may be lost; but not while an
    ///                    earlier call has the turn.
    asio::awaitable<std::optional<websocket_message>> read();

    /// Sends a message. Returns when the system has taken it. Errors and cancellation as `read()`, and errc::closed: it
    /// was closed in good order.
    asio::awaitable<void> write(std::string text);
    asio::awaitable<void> write_binary(std::string bytes);

    /// Says goodbye and waits for the peer's (`websocket_options::close`, then errc::body_timed_out). Messages that come
    /// meanwhile are dropped, unless somebody reads. Without error also when the peer was first. Of `reason` 123 bytes are
    /// sent (RFC 6455 5.5).
    asio::awaitable<void> close(std::uint16_t code = 1000, std::string reason = {});

    std::uint16_t close_code() const noexcept; ///< of the peer (RFC 6455 7.4); 0: none was said
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
