#pragma once
/// @file
/// What an HTTP client does on its own: follow redirects, and repeat what failed.

#include <chrono>
#include <string>
#include <vector>

namespace afresh {

/// Redirects (RFC 9110 15.4). A GET or HEAD is followed; https never leads to http: that answer is the caller's. When
/// the origin changes, credentials are taken off the request (Authorization, Cookie, Proxy-Authorization and
/// `secret_fields`) and never put back, also not on the way home.
struct redirect_rules {
    unsigned most = 10; ///< followed for one call; more is errc::too_many_redirects. 0: none is, the 3xx is the answer
    /// Other methods too: 307 and 308 with the body again, if it can be; 301 and 302 turn a POST into a GET, as
    /// browsers do. (303 turns every method but HEAD into GET, always.)
    bool any_method = false;
    std::vector<std::string> secret_fields{}; ///< further fields not to show to another origin, such as X-Api-Key
};

/// Repeating what failed for another reason than a 401. Off by default. With `attempts` set, a request is sent again if
/// nothing of it had left this machine, or if its method is idempotent (RFC 9110 9.2.2) or it has an Idempotency-Key
/// field; its body must be in memory or able to rewind. Failures: no connection, a connection lost, no first byte in
/// time, and the statuses 408, 429, 500, 502, 503 and 504.
///
/// The pause is drawn between 0 and `first * 2^n` (full jitter), `most` at most; a Retry-After is obeyed instead, unless
/// it is longer than `retry_after_cap` or than the time the call has left: then the answer is the caller's.
struct retry_policy {
    unsigned attempts = 0; ///< further ones
    std::chrono::milliseconds first{100};
    std::chrono::milliseconds most{10'000};
    std::chrono::milliseconds retry_after_cap{60'000};
    /// What all calls of a client may add to the load of a server in trouble: each call earns so much of a retry (ten
    /// are there from the start), and each retry costs one.
    double budget = 0.2;
};

} // namespace afresh
