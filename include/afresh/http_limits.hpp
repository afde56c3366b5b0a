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

    milliseconds connect{10'000};        ///< name lookup, TCP connect and the way through a proxy
    milliseconds tls{10'000};            ///< TLS handshake
    milliseconds first_byte{30'000};     ///< from the last byte sent to the first byte of the answer
    milliseconds expect_continue{1'000}; ///< for the server's leave to send a body (RFC 9110 10.1.1)
    milliseconds body_idle{30'000};      ///< between two pieces of the answer
    /// Of one call, from the wait for a connection to the end of the answer, redirects, retries and the replay after a
    /// 401 included; of a streamed answer to its header only. Waiting for a token is not counted:
    /// `refresh_policy::max_wait` bounds it.
    milliseconds total{60'000};
    std::size_t header = 64 * 1024;     ///< of an answer, interim answers (1xx) included
    std::size_t body = 8 * 1024 * 1024; ///< of an answer read as a whole, decoded; a streamed one has no such limit

    milliseconds pool_wait{10'000};          ///< for a connection to become free
    std::size_t connections_per_origin = 64; ///< busy and idle
    std::size_t waiters_per_origin = 10'000; ///< calls that wait for one, first come first served; more fail at once
    std::size_t idle_per_origin = 16;        ///< kept for later
    std::size_t idle_total = 256;            ///< of all origins; the one that was idle longest makes room
    /// An idle connection is closed after this, or a second before the server said it would close it
    /// (`Keep-Alive: timeout=`).
    milliseconds idle{55'000};
    /// A connection is not used again after this, less up to a tenth by chance, so that a new address or a new server
    /// behind a balancer is found in time.
    milliseconds age{600'000};
    /// A timer closes idle connections in time. While there are any it keeps `io_context::run()` from returning:
    /// `close()` the client, or let it go. Without it they are closed when the client is next used.
    bool background_sweep = true;
};

} // namespace afresh
