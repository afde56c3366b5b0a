#pragma once
/// @file
/// What the server itself said: evidence, kept apart from what Afresh says.

#include <chrono>
#include <optional>
#include <string>

namespace afresh {

/// The server's own words about a failed exchange (RFC 6749 5.2). Untrusted text: bounded in length, reduced to the
/// printable ASCII that the RFC allows, and never a token, a secret or a body.
struct diagnostics {
    unsigned http_status{};                          ///< 0: no answer was read
    std::string error;                               ///< e.g. `invalid_grant`; at most 64 characters
    std::string error_description;                   ///< at most 256 characters
    std::string error_uri;                           ///< at most 256 characters; never opened by Afresh
    std::optional<std::chrono::seconds> retry_after; ///< as the server asked, capped at one hour

    bool operator==(const diagnostics&) const = default;
};

} // namespace afresh
