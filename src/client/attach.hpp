#pragma once
// A token on a request, and what may follow from the answer: what `authorized` and `http_client` have in common.

#include "core/url.hpp"

#include <afresh/authorized.hpp>

#include <string>

namespace afresh::detail {

// RFC 6750 2.1, RFC 9449 7.1. False: the token's key is elsewhere, and attach() waits for it. Both throw what keeps it from
// signing.
bool attach_now(const chain& source, const access_token& token, const std::string& method, const core::url_parts& to,
                http_fields& fields);
asio::awaitable<void> attach(const chain& source, access_token token, std::string method, core::url_parts to,
                             http_fields& fields);

// Of any answer; it learns what the resource wants to see in the next proof.
next_step next_after(const chain& source, const access_token& sent, const std::string& origin, unsigned status,
                     const http_fields& fields, replays& done);

} // namespace afresh::detail
