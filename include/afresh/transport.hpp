#pragma once
/// @file
/// The seam to the network: one request to the token endpoint, and what became of it.

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/transport_outcome.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace afresh {

namespace asio = boost::asio;

/// A request on its way to a token endpoint, with the limits it must keep. Its body and field values hold credentials:
/// they are overwritten when it is destroyed. Copies that a transport makes are the transport's to wipe.
class transport_request {
public:
    transport_request() = default;
    explicit transport_request(http_request r) : request(std::move(r)) {}
    transport_request(const transport_request&) = default;
    transport_request(transport_request&&) = default;
    transport_request& operator=(const transport_request&) = default;
    transport_request& operator=(transport_request&&) = default;
    ~transport_request()
    {
        wipe(request.body());
        request.fields().wipe();
    }

    http_request request;
    /// For name lookup, connect and TLS handshake together.
    std::chrono::milliseconds connect_limit{10'000};
    /// From the first byte sent to the last byte read.
    std::chrono::milliseconds exchange_limit{120'000};
    std::size_t header_limit = 16 * 1024;
    std::size_t body_limit = 1024 * 1024;
    /// Called once, right before the first byte is handed to the socket. An error means: do not send; the outcome is
    /// then that error with `sent == false`. Empty: nothing is asked.
    std::function<error_code()> before_first_byte;
};

/// Sends one request and reads its answer. Implement it to use your own HTTP client (or HTTP/2) for token requests.
///
/// An implementation must use the request once at most: never resend it, never follow a redirect, never answer from a
/// cache, never offer a content encoding. A truncated body is an error even when what was read parses.
///
/// @par Thread safety Called concurrently from several strands, once per chain at a time.
/// @par Cancellation  Never cancelled by Afresh: once its first byte is sent, an exchange runs to its end or limit.
/// @par Lifetime      Shared by all services that use it; outlives every exchange.
class AFRESH_EXPORT transport {
public:
    virtual ~transport() = default;
    /// Runs on the awaiting coroutine's executor. Errors go into the outcome; an exception counts as "in doubt".
    virtual asio::awaitable<transport_outcome> send(transport_request request) = 0;
};

} // namespace afresh
