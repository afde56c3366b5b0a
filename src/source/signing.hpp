#pragma once
// Signing with a key that may be elsewhere: the part of it that waits.

#include <afresh/client_registration.hpp>
#include <afresh/signing_key.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace afresh::detail {

namespace asio = boost::asio;

// A JWS (RFC 7515 3.1). Does not suspend for a key that is in this process. Throws what keeps the key from signing.
asio::awaitable<std::string> sign_compact(const signing_key& key, std::string header, std::string payload);

// RFC 7523 2.2; empty for a client that proves who it is in another way. Throws what keeps the key from signing.
asio::awaitable<secret_string> client_assertion(const client_registration& registration,
                                                std::chrono::system_clock::time_point now);

} // namespace afresh::detail
