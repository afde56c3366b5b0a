#pragma once
// The keys that a server signs with (RFC 7517 5).

#include "crypto/signature.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::detail {

struct verification_key {
    crypto::key key;
    std::string kid;
    std::string alg; // empty: any that fits the key
};

// Those that verify signatures and are known here. Nothing: it is no JWK set. `most`: further ones are not looked at.
std::optional<std::vector<verification_key>> read_jwks(std::string_view json, std::size_t most);

// Of a JWS in compact form (RFC 7515 3.1), what may be acted upon: never `jwk`, `jku` or `x5u`.
struct signed_text {
    crypto::algorithm alg{};
    std::string kid; // only a name to look up; empty: none
    std::string payload;
    std::string input; // what is signed
    std::string signature;
};
// Nothing, with the reason in `why`: not one, or with an algorithm that is not allowed, or with `crit`.
std::optional<signed_text> read_jws(std::string_view text, const std::vector<std::string>& algorithms,
                                    std::string& why);

enum class signature_verdict {
    good,
    bad,    // no key with that name made it
    no_key, // with that name
};
signature_verdict check_signature(const signed_text& text, const std::vector<verification_key>& keys);

} // namespace afresh::detail
