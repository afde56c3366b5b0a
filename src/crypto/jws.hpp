#pragma once
// The compact serialization of RFC 7515 3.1: base64url(header) . base64url(payload) . base64url(signature)

#include "crypto/signature.hpp"

#include <afresh/client_registration.hpp>
#include <afresh/signing_key.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::crypto {

std::string signing_input(std::string_view header, std::string_view payload);
std::string compact(std::string signing_input, std::string_view signature);
boost::asio::awaitable<std::string> sign_compact(const signing_key& key, std::string header, std::string payload);

// What a JWT says, whoever signed it; nothing: it is no JWT in compact form (or encrypted).
std::optional<boost::json::object> unverified_claims(std::string_view jwt);

// RFC 7523 2.2; empty for a client that proves who it is in another way. Throws what keeps the key from signing.
boost::asio::awaitable<secret_string> client_assertion(const client_registration& registration,
                                                       std::chrono::system_clock::time_point now);

} // namespace afresh::crypto
