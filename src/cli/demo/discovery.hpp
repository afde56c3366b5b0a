#pragma once
// Where a real server's token endpoint is.

#include <afresh/transport.hpp>

#include <boost/asio/awaitable.hpp>

#include <string>

namespace afresh::cli {

// Reads the issuer's metadata (OpenID Connect Discovery 4, then RFC 8414 3). Throws std::runtime_error that says what
// is wrong with it; the issuer it names must be the one asked for (RFC 8414 3.3).
asio::awaitable<std::string> discover_token_endpoint(transport& http, const std::string& issuer);

} // namespace afresh::cli
