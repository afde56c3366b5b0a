#pragma once
// A connected stream, TCP or TLS over TCP, and the ways to get one. Asio; OpenSSL only in the .cpp.

#include "core/url.hpp"
#include "net/deadline.hpp"

#include <afresh/error.hpp>
#include <afresh/result.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace afresh::net {

class tls_context;

// One coroutine at a time reads or writes.
class connection {
public:
    explicit connection(const asio::any_io_executor& executor);
    ~connection(); // closes at once: no TLS goodbye to wait for
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    using transferred = std::tuple<error_code, std::size_t>;
    asio::awaitable<transferred> read_some(asio::mutable_buffer into);
    asio::awaitable<transferred> write_some(asio::const_buffer from);

    // Verifies that the peer is `host` (a name or an address) and that `tls` trusts it. `limit()` is the caller's to
    // set. The text says more than errc::tls_failed does, for a log.
    asio::awaitable<std::tuple<error_code, std::string>> handshake(tls_context& tls, const std::string& host);
    bool is_tls() const noexcept { return tls_ != nullptr; }

    // Bytes came with what was read, and nobody has seen them: in TLS, records of their own.
    bool holds_unread();
    // Open, and nothing came that no request asked for: may carry another request. Asks the system.
    bool is_quiet();

    asio::ip::tcp::socket& socket() noexcept { return socket_; }
    deadline& limit() noexcept { return limit_; }
    std::vector<char>& inbox() noexcept { return inbox_; } // room for reading, kept between requests

private:
    struct tls_layer;
    asio::ip::tcp::socket socket_;
    std::unique_ptr<tls_layer> tls_;
    deadline limit_;
    std::vector<char> inbox_;
};

struct connect_limits {
    std::chrono::milliseconds tcp{10'000}; // name lookup and TCP
    std::chrono::milliseconds tls{10'000};
    clock::time_point by = clock::time_point::max(); // for all of it
};

struct connect_result {
    std::unique_ptr<connection> link; // null: failed
    error_code ec{};
    std::string detail{}; // why, where the code does not say it all; never a secret
};

// Looks the name up, tries each address in turn and, for https, shakes hands. The connection's I/O runs on `executor`.
// Fails with resolve_failed, connect_failed, connect_timed_out, tls_failed or tls_timed_out: nothing was sent.
asio::awaitable<connect_result> connect(asio::any_io_executor executor, const core::url_parts& to, tls_context& tls,
                                        const connect_limits& limits);

} // namespace afresh::net
