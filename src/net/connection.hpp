#pragma once
// A connected stream: TCP or a UNIX socket, or TLS over either. Asio; OpenSSL only in the .cpp.

#include "net/deadline.hpp"
#include "net/early_look.hpp"
#include "net/race.hpp"

#include <afresh/error.hpp>
#include <afresh/result.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace afresh::net {

class tls_context;

// One coroutine at a time reads or writes.
class connection {
public:
    explicit connection(stream_socket connected);
    ~connection(); // closes at once: no TLS goodbye to wait for
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    using transferred = std::tuple<error_code, std::size_t>;
    asio::awaitable<transferred> read_some(asio::mutable_buffer into);
    asio::awaitable<transferred> write_some(asio::const_buffer from);
    // What the system takes at once, which for a request is all of it as a rule: Asio would make it a turn of its queue.
    // would_block: nothing; in TLS always.
    transferred write_now(asio::const_buffer from);
    // What is there, without waiting for more. would_block: nothing; in TLS always.
    transferred read_now(asio::mutable_buffer into);
    // As read_some() and write_some(), for a handler. It may be one of each at a time.
    using handler = asio::any_completion_handler<void(error_code, std::size_t)>;
    void read_some(asio::mutable_buffer into, handler h);
    void write_some(asio::const_buffer from, handler h);

    // Verifies that the peer is `host` (a name or an address) and that `tls` trusts it. `limit()` is the caller's to
    // set. The text says more than errc::tls_failed does, for a log.
    asio::awaitable<std::tuple<error_code, std::string>> handshake(tls_context& tls, const std::string& host,
                                                                   std::uint16_t port);
    // Made with TLS files that have changed since: the peer knows us by another certificate than it is to (RFC 8705 3).
    bool is_superseded() const noexcept;
    bool is_tls() const noexcept { return tls_ != nullptr; }

    // Bytes came with what was read, and nobody has seen them: in TLS, records of their own.
    bool holds_unread();
    // Open, and nothing came that no request asked for: may carry another request. Asks the system.
    bool is_quiet();

    stream_socket& socket() noexcept { return socket_; }
    deadline& limit() noexcept { return limit_; }
    early_look& early() noexcept { return early_; }
    std::vector<char>& inbox() noexcept { return inbox_; } // room for reading, kept between requests

private:
    struct tls_layer;
    stream_socket socket_;
    std::unique_ptr<tls_layer> tls_;
    deadline limit_;
    early_look early_;
    std::vector<char> inbox_;
};

} // namespace afresh::net
