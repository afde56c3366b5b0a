#pragma once
/// @file
/// Server-sent events as a sequence that outlives its connections.

#include <afresh/export.hpp>
#include <afresh/http_events.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>

namespace afresh {

namespace asio = boost::asio;

class http_client;

/// What `http_client::events()` returns. Nothing is sent before the first `next()`, and nothing is received that was not
/// asked for.
///
/// A lost connection is made again, with the id of the last event and a token that is good then: servers repeat what
/// came after that event. A server that says nothing for `http_limits::body_idle` counts as lost, so it should send a
/// comment now and then.
///
/// @par Thread safety Distinct objects: safe. Shared objects: not; one coroutine at a time waits.
class AFRESH_EXPORT http_event_stream {
public:
    http_event_stream(http_client client, http_request request, http_event_options options);
    http_event_stream(http_event_stream&&) noexcept;
    http_event_stream& operator=(http_event_stream&&) noexcept;
    ~http_event_stream();

    /// The next event; nothing: the server has ended the stream for good (status 204, or its end without `reconnect`).
    ///
    /// @par Errors        Thrown as `boost::system::system_error`: those of `http_client::open()` on the first connection,
    ///                    and later those that no further attempt would mend (see condition::retry_later);
    ///                    `http_status_error` for a status other than 200, 204 and, after the first, 429, 500, 502, 503 and
    ///                    504; errc::malformed_http: the answer is no text/event-stream; errc::body_limit: an event
    ///                    larger than `event_limit`.
    /// @par Cancellation  terminal: the connection is closed; a later `next()` makes a new one.
    asio::awaitable<std::optional<http_event>> next();

    const std::string& last_event_id() const noexcept;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace afresh
