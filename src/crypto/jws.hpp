#pragma once
// The compact serialization of RFC 7515 3.1: base64url(header) . base64url(payload) . base64url(signature)

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace afresh::crypto {

std::string signing_input(std::string_view header, std::string_view payload);
std::string compact(std::string signing_input, std::string_view signature);
// What a JWT says, whoever signed it; nothing: it is no JWT in compact form (or encrypted).
std::optional<boost::json::object> unverified_claims(std::string_view jwt);

} // namespace afresh::crypto
