#pragma once
// The general HTTP/1.1 client under everything that carries a token; it knows no token itself. Asio.

#include "http/answer.hpp"
#include "http/authorizer.hpp"
#include "net/dial.hpp"

#include <afresh/http_client_options.hpp>
#include <afresh/http_metrics.hpp>
#include <afresh/transport_outcome.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace afresh::http {

namespace asio = boost::asio;

struct call_options {
    authorizer* who = nullptr; // nobody
    bool streamed{};           // the body may be of any size, and take as long as it takes
};

struct call_result {
    error_code ec;
    std::string detail; // why, where the code does not say it all; for a log, so never a secret
    bool sent{};        // a byte of the last request was handed to the network
    answer got;         // without error
    std::string body;   // all of it, if it is not streamed
    std::string url;    // that was asked last
    http_response take_response();
};

// Keeps connections alive, per origin; follows redirects, repeats what failed and lets an authorizer exchange its
// credentials, as the options say. Keeps no cookies.
//
// Below all that a request is sent again, once, in one case only: on a kept connection that died before a byte of an
// answer came, and then only if it is idempotent (RFC 9110 9.2.2) or nothing of it had left this machine.
//
// Executor: belongs to one execution context. Connections are made on `executor`; calls run on the awaiting
// coroutine's, which may be another. Any number of coroutines may call at once, from any threads.
//
// Destruction: calls that wait for a connection end with errc::closed, calls under way go on, and each closes its
// connection in the end. The execution context must outlive the client.
class http1_client {
public:
    // Throws system_error(errc::invalid_argument) when a file of `tls` cannot be used or a value is out of its range.
    http1_client(asio::any_io_executor executor, const http_client_options& options);
    http1_client(asio::any_io_executor executor, const tls_options& tls, const http_limits& limits);
    ~http1_client();
    http1_client(const http1_client&) = delete;
    http1_client& operator=(const http1_client&) = delete;

    // The final answer, whatever its status; any failure is in the result. `request` must live until completion, and is
    // changed on the way: its URL goes to the result.
    // Cancellation: terminal; the result is then operation_aborted, and the connection is closed.
    asio::awaitable<call_result> open(http_request& request, call_options options);
    asio::awaitable<transport_outcome> send(http_request request);
    asio::awaitable<transport_outcome> send(http_request& request, call_options options);
    // The same, quicker, since nothing is moved: `out` must be empty. It and the client must live until completion, and
    // what is cancelled between two operations is thrown.
    asio::awaitable<void> call(http_request& request, call_options options, call_result& out);

    // A connection of its own for another protocol, on the way that requests take.
    asio::awaitable<net::dial_result> dial(asio::any_io_executor io, const core::url_parts& to,
                                           net::clock::time_point by);

    void close();
    const http_client_options& options() const noexcept;
    std::vector<connection_pool::usage> in_use() const;
    http_metrics metrics() const;
    const asio::any_io_executor& executor() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace afresh::http
