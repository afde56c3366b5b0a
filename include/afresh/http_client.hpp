#pragma once
/// @file
/// An awaitable HTTP client that carries a fresh token.

#include <afresh/http_limits.hpp>
#include <afresh/http_message.hpp>
#include <afresh/tls_options.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>

namespace afresh {

/// Settings of an `http_client`; goes to its constructor only.
struct http_client_options {
    tls_options tls{};
    http_limits limits{};
};

/// HTTP/1.1 over kept-alive, verified connections, with the token of one source on each request and one replay after a
/// 401 (RFC 6750 3.1). A request that brings an `Authorization` field of its own is sent as it is.
///
/// @par Executors     Belongs to the context of its executor (thread per core: one client each). Calls run on the
///                    awaiting coroutine's executor, which must be of that context.
/// @par Thread safety Distinct objects: safe. Shared objects: calls are safe from all threads of the context;
///                    assignment and destruction are not.
/// @par Lifetime      Calls under way keep what they need; the execution context must outlive the client.
class AFRESH_EXPORT http_client {
public:
    /// On the source's executor. (Overloads, since g++ 12 destroys a default argument twice inside a `co_await`.)
    /// @par Exceptions    `boost::system::system_error` with errc::invalid_argument for a file or limit that cannot be
    ///                    used.
    explicit http_client(token_source tokens);
    http_client(token_source tokens, http_client_options options);
    /// On another context than the source's.
    http_client(asio::any_io_executor executor, token_source tokens);
    http_client(asio::any_io_executor executor, token_source tokens, http_client_options options);

    /// Sends a request and reads the whole answer. Any status is an answer, not an error.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`:
    ///                    errc::origin_not_allowed, before anything is sent; those of `token_source::get()`;
    ///                    errc::invalid_argument for an impossible URL, method or field; resolve_failed,
    ///                    connect_failed, connect_timed_out, tls_failed, tls_timed_out, pool_timed_out: nothing was
    ///                    sent; first_byte_timed_out, body_timed_out, total_timed_out, connection_lost, header_limit,
    ///                    body_limit, malformed_http: the server may have acted on it.
    /// @par Cancellation  terminal: the call ends with asio::error::operation_aborted and its connection is closed. A
    ///                    refresh that it waited for goes on.
    /// @see RFC 9110, RFC 6750
    asio::awaitable<http_response> request(http_request r);
    /// `request()` with method GET.
    asio::awaitable<http_response> get(std::string url);
    /// `request()` with method POST and a body.
    asio::awaitable<http_response> post(std::string url, std::string body,
                                        std::string content_type = "application/json");

    const token_source& tokens() const noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace afresh
