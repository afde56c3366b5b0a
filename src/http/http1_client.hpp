#pragma once
// The general HTTP/1.1 client under everything that carries a token; it knows no token itself. Asio.

#include "core/url.hpp"

#include <afresh/http_limits.hpp>
#include <afresh/http_message.hpp>
#include <afresh/tls_options.hpp>
#include <afresh/transport_outcome.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>

namespace afresh::http {

namespace asio = boost::asio;

// Keeps connections alive, per origin. Follows no redirect, keeps no cookies, offers no content encoding.
//
// A request is sent again, once, in one case only: on a kept connection that died before a byte of an answer came, and
// then only if the method is idempotent (RFC 9110 9.2.2) or nothing of the request had left this machine.
//
// Executor: belongs to one execution context. Connections are made on `executor`; send() runs on the awaiting
// coroutine's, which must be of the same context. Any number of coroutines may send at once, also from several threads
// of that context.
//
// Destruction: calls that wait for a connection end with errc::closed, calls under way go on, and each closes its
// connection in the end. The execution context must outlive the client.
class http1_client {
public:
    // Throws system_error(errc::invalid_argument) when a file of `tls` cannot be used or a limit is out of its range.
    http1_client(asio::any_io_executor executor, const tls_options& tls, const http_limits& limits);
    ~http1_client();
    http1_client(const http1_client&) = delete;
    http1_client& operator=(const http1_client&) = delete;

    // The final answer, whatever its status; any failure is in the outcome. `request` must live until completion.
    // Cancellation: terminal; the outcome is then operation_aborted, and the connection is closed.
    asio::awaitable<transport_outcome> send(const http_request& request);
    // For who has parsed the request's URL already, to see whether it may be called; it is not read again. Both must
    // live.
    asio::awaitable<transport_outcome> send(const http_request& request, const core::url_parts& to);

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace afresh::http
