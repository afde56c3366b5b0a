#pragma once
/// @file
/// What an HTTP client counts, and how Prometheus reads it.

#include <afresh/export.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace afresh {

/// Times in seconds, in the buckets that OpenTelemetry advises.
struct http_histogram {
    static constexpr std::array<double, 14> bounds{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                   0.5,   0.75, 1,     2.5,  5,     7.5, 10};
    std::array<std::uint64_t, bounds.size() + 1> buckets{}; ///< up to each bound, and above all of them; not cumulative
    std::uint64_t count{};
    double sum{};
    void record(double seconds) noexcept;
};

/// `http.client.request.duration`: from the request's first byte to the answer's header, of each sending (redirects,
/// retries and replays count anew).
struct http_request_series {
    std::string method;  ///< `_OTHER` for what is not in RFC 9110 or RFC 5789
    unsigned status{};   ///< 0: `error`
    std::string error{}; ///< as `to_string(errc)`; `cancelled`
    http_histogram duration{};
};

/// Of one origin since the client was made, and now.
struct http_origin_metrics {
    std::string origin; ///< as https://api.example.com; `other` for all after the first thousand
    std::vector<http_request_series> requests;
    http_histogram connect{}; ///< name lookup, TCP, proxy and TLS, of those that succeeded
    std::uint64_t opened{};   ///< connections
    std::uint64_t failed{};   ///< attempts to open one
    std::uint64_t reused{};   ///< times that a kept connection served again
    std::uint64_t redirects{};
    std::uint64_t retries{};
    std::uint64_t replays{}; ///< after a 401, with another token
    std::size_t active{};    ///< connections in use
    std::size_t idle{};
    std::size_t waiting{}; ///< calls, for a connection
};

/// A picture at one moment. Holds no secret: neither paths nor queries.
struct http_metrics {
    std::vector<http_origin_metrics> origins;
    /// Counts what another client has counted, too: thread per core has one for each.
    AFRESH_EXPORT http_metrics& add(const http_metrics& other);
};

/// The text that Prometheus scrapes (format 0.0.4), with the names of OpenTelemetry's conventions for HTTP clients where
/// they have one: `http_client_request_duration_seconds`, `http_client_open_connections`; `afresh_http_client_...` else.
AFRESH_EXPORT std::string prometheus_text(const http_metrics& metrics);

} // namespace afresh
