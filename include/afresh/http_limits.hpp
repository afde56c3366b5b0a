#pragma once
/// @file
/// The bounds an HTTP client keeps.

#include <chrono>
#include <cstddef>

namespace afresh {

/// Time, size and connection limits of an HTTP client; goes to constructors only. All are on by default. A time of zero
/// means "no such limit" for `first_byte`, `body_idle` and `total`; the other times and all counts are 1 and up.
struct http_limits {
    using milliseconds = std::chrono::milliseconds;

    milliseconds connect{10'000};    ///< name lookup and TCP connect
    milliseconds tls{10'000};        ///< TLS handshake
    milliseconds first_byte{30'000}; ///< from the last byte sent to the first byte of the answer
    milliseconds body_idle{30'000};  ///< between two pieces of the answer
    /// Of one sending of a request, from the wait for a connection to the end of the answer. The replay after a 401 is
    /// another; waiting for a token is bounded by `refresh_policy::max_wait`.
    milliseconds total{60'000};
    std::size_t header = 64 * 1024; ///< of an answer, interim answers (1xx) included
    std::size_t body = 8 * 1024 * 1024;

    milliseconds pool_wait{10'000};          ///< for a connection to become free
    std::size_t connections_per_origin = 64; ///< busy and idle
    std::size_t waiters_per_origin = 10'000; ///< calls that wait for one, first come first served; more fail at once
    std::size_t idle_per_origin = 16;        ///< kept for later
    /// An idle connection is not used any more after this, or a second before the server said it would close it
    /// (`Keep-Alive: timeout=`). It is closed when the client is next used, or destroyed: an idle client has no timer
    /// that would keep `io_context::run()` from returning.
    milliseconds idle{55'000};
};

} // namespace afresh
