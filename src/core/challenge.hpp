#pragma once
// WWW-Authenticate: the grammar of RFC 9110 11.6.1, and what a challenge asks of us (RFC 6750 3, RFC 9449 9). Pure.

#include <afresh/http_message.hpp>

#include <string>
#include <utility>
#include <vector>

namespace afresh::core {

struct challenge {
    std::string scheme;                                          // as sent
    std::string token68;                                         // or empty
    std::vector<std::pair<std::string, std::string>> parameters; // names in lower case, values unquoted
    const std::string* find(std::string_view name) const noexcept;
};

// All challenges of all WWW-Authenticate fields, in order. Malformed parts are skipped, never guessed at.
std::vector<challenge> parse_challenges(const http_fields& fields);

enum class challenge_action {
    renew,       // the token is no longer accepted: no header, no error code, or invalid_token
    none,        // foreign schemes only, another code, insufficient_scope: a refresh would not help
    prove_again, // use_dpop_nonce, invalid_dpop_proof: the proof was not good, the token may be
};
// What an answer with this status asks for. Statuses other than 401 ask for nothing.
challenge_action classify_challenge(unsigned status, const http_fields& fields);

} // namespace afresh::core
