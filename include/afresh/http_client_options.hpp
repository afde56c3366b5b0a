#pragma once
/// @file
/// Settings of an HTTP client.

#include <afresh/http_activity.hpp>
#include <afresh/http_limits.hpp>
#include <afresh/http_rules.hpp>
#include <afresh/proxy_options.hpp>
#include <afresh/tls_options.hpp>

#include <chrono>
#include <string>

namespace afresh {

/// Settings of an `http_client`; goes to its constructor only.
struct http_client_options {
    tls_options tls{};
    http_limits limits{};
    redirect_rules redirects{};
    retry_policy retries{}; ///< off
    proxy_options proxy{};  ///< none; `proxy_options::from_environment()` for what the environment says
    /// All connections are made to this UNIX socket, whatever host the URL names; TLS still verifies that name.
    std::string unix_socket{};
    /// Offers the content codings that Afresh was built with (gzip, deflate, br, zstd) and decodes the answers. Not for
    /// a request with an `Accept-Encoding` or `Range` field of its own.
    bool decompress = true;
    std::chrono::milliseconds dns_cache{30'000}; ///< how long an answer of the name service is used
    http_activity_hook on_activity{};            ///< told what the client does
    http_wire_log wire_log{};                    ///< shown each header, without secrets
};

} // namespace afresh
