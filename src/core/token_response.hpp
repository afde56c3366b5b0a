#pragma once
// The other half of an exchange: what an answer means (RFC 6749 5.1, 5.2, and FAULTS "verdict table"). Pure.

#include "core/token_request.hpp"

#include <afresh/client_registration.hpp>
#include <afresh/diagnostics.hpp>
#include <afresh/error.hpp>
#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/transport_outcome.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace afresh::core {

// What an exchange came to. Decides alone what happens to the refresh token.
enum class verdict {
    ok,            // tokens are usable
    quarantined,   // a success whose access token must not be used (unknown token_type, ...): save `refresh_token`, if
                   // any
    not_sent,      // nothing left this machine
    throttled,     // 429, 503 with Retry-After, slow_down: not consumed
    in_doubt,      // sent, and no verdict; see `after_5xx`
    refused,       // invalid_grant
    unauthorized,  // 401 without an OAuth error
    misconfigured, // any other OAuth error: not consumed
    doubtful_misconfigured, // invalid_target, invalid_authorization_details: consumed or not, and never to be repeated
    invalid_request,        // a race at some servers; a mistake at others
    transient,              // other 4xx without an OAuth error: not consumed
};

struct token_response {
    verdict outcome = verdict::in_doubt;
    bool after_5xx{}; // in doubt by a status of 5xx rather than a broken connection
    error_code cause; // what to tell callers; empty for ok
    diagnostics said; // what the server said
    // ok and quarantined:
    secret_string refresh_token; // empty: keep the old one
    std::string token_type;      // "Bearer" or "DPoP"; what the server said instead when quarantined
    std::string scope;           // as granted; "as requested" when the server omits it
    // ok only, so that a token which must not be used cannot be:
    secret_string access_token;
    secret_string id_token;
    std::optional<std::chrono::seconds> expires_in;         // clamped to ten years; unset: unknown
    std::optional<std::chrono::seconds> refresh_expires_in; // of the refresh token, likewise; unset or 0: not said
};

// Reads an exchange's outcome. `now` is the wall clock, for Retry-After dates. `sent` is the refresh token that was
// sent, `extras` what went with it: should the server echo them, they are masked in `said`. Throws nothing but std::bad_alloc, whatever a server sends.
//
// Client credentials and extension grants spend nothing and nobody can sign in for them, so for those: in doubt is transient, and a
// refused grant, a bare 401 and a doubtful parameter are misconfigured.
token_response parse_token_response(const transport_outcome& outcome, const client_registration& registration,
                                    const grant& grant, std::chrono::system_clock::time_point now,
                                    const secret_string& sent = {}, const request_extras& extras = {});

} // namespace afresh::core
