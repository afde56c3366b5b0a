#pragma once
/// @file
/// An answer whose body is read as it comes.

#include <afresh/export.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace afresh {

namespace asio = boost::asio;

/// What `http_client::open()` returns: the answer's header, and the way to its body. Nothing is received that was not
/// asked for, so a slow reader slows the server down. When the end was read the connection serves other requests; let go
/// before that it is closed.
///
/// @par Thread safety Distinct objects: safe. Shared objects: not; one coroutine at a time reads.
class AFRESH_EXPORT http_stream {
public:
    http_stream(http_stream&&) noexcept;
    http_stream& operator=(http_stream&&) noexcept;
    ~http_stream();

    unsigned status() const noexcept;
    const http_fields& fields() const noexcept;
    const std::string& url() const noexcept; ///< that was asked last

    /// The next piece of the body, of whatever size came, decoded; empty: the end.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`:
    ///                    errc::body_timed_out, connection_lost, malformed_http, malformed_encoding, body_limit (an
    ///                    expansion of more than a thousandfold): the connection is closed, and the body not complete.
    /// @par Cancellation  terminal: the connection is closed.
    asio::awaitable<std::string> read();
    /// The same without waiting; nothing: `read()` would wait, or has to decode.
    std::optional<std::string> try_read();
    bool at_end() const noexcept; ///< nothing is left to read
    /// All that is left. Errors as `read()`, and errc::body_limit when it is more than `most` bytes.
    asio::awaitable<std::string> read_all(std::size_t most = 8 * 1024 * 1024);

    struct state;
    /// For the library's own parts.
    explicit http_stream(std::unique_ptr<state> s) noexcept;

private:
    std::unique_ptr<state> state_;
};

} // namespace afresh
