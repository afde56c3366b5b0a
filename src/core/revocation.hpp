#pragma once
// Telling an authorization server to forget a token (RFC 7009): the request, and what its answer means. Pure.

#include <afresh/client_registration.hpp>
#include <afresh/diagnostics.hpp>
#include <afresh/http_message.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/transport_outcome.hpp>

#include <chrono>

namespace afresh::core {

struct parting_token {
    enum class kind { refresh_token, access_token };
    secret_string value;
    kind type = kind::refresh_token;
};

// RFC 7009 2.1. The request holds secrets: it goes into a transport_request, which wipes them.
http_request make_revocation_request(const client_registration& registration, const parting_token& token,
                                     const secret_string& assertion = {});

struct revocation_response {
    enum class verdict {
        revoked, // also when the server never knew it (RFC 7009 2.2)
        again,   // the token is still good; revoking is idempotent, so that doubt does no harm
        refused, // the same request would be refused again
    };
    verdict outcome = verdict::again;
    diagnostics said;
};

// `now` is the wall clock, for Retry-After dates.
revocation_response parse_revocation_response(const transport_outcome& outcome, const client_registration& registration,
                                              const parting_token& token, std::chrono::system_clock::time_point now);

} // namespace afresh::core
