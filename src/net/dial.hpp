#pragma once
// From a URL to a connection that can carry a request. Asio.

#include "core/url.hpp"
#include "net/connection.hpp"
#include "net/tunnel.hpp"

#include <optional>

namespace afresh::net {

struct dial_limits {
    std::chrono::milliseconds tcp{10'000}; // name lookup, TCP and the proxy
    std::chrono::milliseconds tls{10'000};
    clock::time_point by = clock::time_point::max(); // for all of it
};

// Which way.
struct route {
    std::optional<proxy> via;
    std::string local;    // the path of a UNIX socket; empty: none
    bool always_tunnel{}; // what is spoken is not HTTP alone, so no proxy may have a part in it
};

struct dial_result {
    std::unique_ptr<connection> link; // null: failed
    error_code ec{};
    std::string detail{}; // why, where the code does not say it all; never a secret
};

// The connection's I/O runs on `io`. Fails with resolve_failed, connect_failed, connect_timed_out, proxy_refused,
// tls_failed, tls_timed_out or operation_aborted: nothing of a request was sent.
asio::awaitable<dial_result> dial(asio::any_io_executor io, const core::url_parts& to, const route& way,
                                  std::shared_ptr<address_book> names, tls_context& tls, const dial_limits& limits);

} // namespace afresh::net
