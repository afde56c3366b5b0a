#pragma once
/// @file
/// An awaitable HTTP client that carries a fresh token.

#include <afresh/http_client_options.hpp>
#include <afresh/http_event_stream.hpp>
#include <afresh/http_message.hpp>
#include <afresh/http_metrics.hpp>
#include <afresh/http_status_error.hpp>
#include <afresh/http_stream.hpp>
#include <afresh/http_upgrade.hpp>
#include <afresh/token_source.hpp>
#include <afresh/websocket.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>

#include <memory>
#include <string>
#include <utility>

namespace afresh {

/// HTTP/1.1 over kept-alive, verified connections; with the token of one source on each request and one replay after a
/// 401 (RFC 6750 3.1), or without any. A request that brings an `Authorization` field of its own is sent as it is.
///
/// A call follows redirects (`redirect_rules`), decodes what it asked for (gzip, deflate, br, zstd), and ends within
/// `http_limits::total`. After a redirect to another origin it carries no token any more.
///
/// @par Executors     Its connections belong to the context of its executor (thread per core: one client each). Calls run
///                    on the awaiting coroutine's executor, whichever that is.
/// @par Thread safety Distinct objects: safe. Shared objects: calls are safe from all threads; assignment and destruction
///                    are not.
/// @par Lifetime      Calls under way keep what they need; the execution context must outlive the client. While idle
///                    connections are kept a timer is armed: see `http_limits::background_sweep`.
class AFRESH_EXPORT http_client {
public:
    using executor_type = asio::any_io_executor;

    /// On the source's executor. (Overloads, since g++ 12 destroys a default argument twice inside a `co_await`.)
    /// @par Exceptions    `boost::system::system_error` with errc::invalid_argument for a file or value that cannot be
    ///                    used; the text names it.
    explicit http_client(token_source tokens);
    http_client(token_source tokens, http_client_options options);
    /// On another context than the source's.
    http_client(executor_type executor, token_source tokens);
    http_client(executor_type executor, token_source tokens, http_client_options options);
    /// Without a token.
    explicit http_client(executor_type executor);
    http_client(executor_type executor, http_client_options options);

    executor_type get_executor() const noexcept;

    /// Sends a request and reads the whole answer. Any status is an answer, not an error.
    ///
    /// @par Errors        Thrown as `boost::system::system_error`:
    ///                    errc::origin_not_allowed, before anything is sent; those of `token_source::get()`;
    ///                    errc::invalid_argument for an impossible URL, method or field; resolve_failed,
    ///                    connect_failed, connect_timed_out, proxy_refused, tls_failed, tls_timed_out, pool_timed_out:
    ///                    nothing was sent; first_byte_timed_out, body_timed_out, total_timed_out, connection_lost,
    ///                    header_limit, body_limit, malformed_http, malformed_encoding, body_failed,
    ///                    too_many_redirects: the server may have acted on it. errc::closed.
    /// @par Cancellation  terminal: the call ends with asio::error::operation_aborted and its connection is closed. A
    ///                    refresh that it waited for goes on.
    /// @see RFC 9110, RFC 9112, RFC 6750
    asio::awaitable<http_response> request(http_request r);
    /// The same up to the answer's header; its body is read from the stream, and has no limit of size or time.
    asio::awaitable<http_stream> open(http_request r);
    /// Server-sent events: `while (auto event = co_await events.next())`. (Two overloads: see the constructors.)
    http_event_stream events(http_request r) const;
    http_event_stream events(http_request r, http_event_options options) const;
    /// A WebSocket to an `http`, `https`, `ws` or `wss` URL (RFC 6455), with the token and one more handshake after a
    /// 401. The connection is the WebSocket's own and counts for no pool. The client may go before it.
    ///
    /// @par Errors        As `request()`; redirects are not followed. Thrown as `http_status_error` with the answer when
    ///                    the server does not switch protocols. errc::malformed_http: a handshake that is none.
    /// @par Cancellation  As `request()`.
    asio::awaitable<afresh::websocket> websocket(std::string url);
    asio::awaitable<afresh::websocket> websocket(http_request r, websocket_options options);
    /// The request, and then another protocol over the same connection (RFC 9110 7.8): the one that the request's
    /// `Upgrade` field names. With the token and once more after a 401, as `websocket()`, which is what you want for
    /// WebSocket itself; this leaves the bytes to you. The answer is the caller's when the server does not switch.
    ///
    /// @par Errors        As `request()`; redirects are not followed. errc::invalid_argument also for a request with a
    ///                    body or without an `Upgrade` field.
    /// @par Cancellation  As `request()`.
    asio::awaitable<http_upgrade> upgrade(http_request r);

    /// `request()` with this method.
    asio::awaitable<http_response> get(std::string url);
    asio::awaitable<http_response> head(std::string url);
    asio::awaitable<http_response> del(std::string url); ///< DELETE
    asio::awaitable<http_response> post(std::string url, std::string body,
                                        std::string content_type = "application/json");
    asio::awaitable<http_response> put(std::string url, std::string body,
                                       std::string content_type = "application/json");
    asio::awaitable<http_response> patch(std::string url, std::string body,
                                         std::string content_type = "application/json");

    /// As `request()`, for any completion token.
    ///
    /// @par Completion    `void(error_code, http_response)`, exactly once, never from within this function, on the
    ///                    handler's associated executor (default: get_executor()).
    /// @par Errors        As `request()`.
    /// @par Cancellation  terminal, partial and total: as terminal of `request()`.
    template <asio::completion_token_for<void(error_code, http_response)> CompletionToken = asio::deferred_t>
    auto async_request(http_request r, CompletionToken&& token = CompletionToken())
    {
        return asio::async_initiate<CompletionToken, void(error_code, http_response)>(
            initiate_request{state_, get_executor()}, token, std::move(r));
    }

    /// Closes what is idle and lets `io_context::run()` return. Calls that wait for a connection end with errc::closed,
    /// and so do later ones; calls under way go on.
    void close();

    /// What was counted until now; `prometheus_text()` renders it.
    http_metrics metrics() const;

    const token_source& tokens() const; ///< @par Exceptions std::logic_error: there is none

private:
    struct state;
    using request_handler = asio::any_completion_handler<void(error_code, http_response)>;
    struct initiate_request {
        std::weak_ptr<state> self; // weak: a suspended coroutine keeps this in its frame
        asio::any_io_executor ex;
        using executor_type = asio::any_io_executor;
        executor_type get_executor() const noexcept { return ex; }
        template <class Handler>
        void operator()(Handler&& handler, http_request r) const
        {
            start_request(self, ex, request_handler(std::forward<Handler>(handler)), std::move(r));
        }
    };
    static void start_request(const std::weak_ptr<state>& self, const asio::any_io_executor& ex,
                              request_handler handler, http_request r);

    std::shared_ptr<state> state_;
};

} // namespace afresh
