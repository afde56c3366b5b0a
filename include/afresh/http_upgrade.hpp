#pragma once
/// @file
/// A connection that has switched to another protocol.

#include <afresh/http_message.hpp>
#include <afresh/raw_stream.hpp>

#include <optional>
#include <string>

namespace afresh {

/// What `http_client::upgrade()` returns.
struct http_upgrade {
    http_response answer;             ///< 101; or what the server said instead, body and all
    std::optional<raw_stream> stream; ///< the connection, if the server has switched; let go, it is closed
    std::string read_already;         ///< of the other protocol: what came together with the answer
};

} // namespace afresh
