#pragma once
// The rules for the claims of an ID token (OpenID Connect Core 3.1.3.7, 3.3.2.11, 12.2). Pure: its signature is another
// matter.

#include "core/token_request.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::core {

struct id_token_expectation {
    std::string issuer;
    std::string client_id;
    std::string nonce;                           // empty: none was sent
    std::optional<std::chrono::seconds> max_age; // was asked for: then `auth_time` must be there and young
    std::string at_hash;                         // of the access token that came along; empty: none did
    std::string c_hash;                          // of the code that came along; empty: none did
    bool hashes_required{}; // hybrid flow: `c_hash` (and `at_hash`, with an access token) must be there
    std::chrono::seconds leeway{60};
};

// errc::invalid_id_token and which rule; nothing: it may be trusted.
config_fault check_id_token(const boost::json::object& claims, const id_token_expectation& expected,
                            std::chrono::system_clock::time_point now);
// Of the original ID token of a sign-in what refreshed ones are compared with, as JSON; small enough to be kept for as long as the
// chain lives.
std::string session_claims(const boost::json::object& original);
// 12.2: against those claims. `is_new` came straight from the token endpoint.
config_fault check_refreshed_id_token(const boost::json::object& original, const boost::json::object& is_new,
                                      std::chrono::system_clock::time_point now);

} // namespace afresh::core
