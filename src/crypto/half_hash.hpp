#pragma once
#include <string>
#include <string_view>
namespace afresh::crypto {
// at_hash and c_hash (OpenID Connect Core 3.1.3.6): the left half of the digest that the token's own `alg` names; empty: it
// names none.
std::string half_hash_for(std::string_view id_token, std::string_view text);
} // namespace afresh::crypto
