#pragma once
/// @file
/// A connection that has switched to another protocol.

#include <afresh/http_message.hpp>
#include <afresh/raw_stream.hpp>

#include <optional>
#include <string>
#include <utility>

namespace afresh {

/// What `http_client::upgrade()` returns.
struct http_upgrade {
    http_response answer;             ///< 101; or what the server said instead, body and all
    std::optional<raw_stream> stream; ///< the connection, if the server has switched; let go, it is closed
    std::string read_already;         ///< of the other protocol: what came together with the answer
    http_upgrade() = default;
    http_upgrade(http_response a, std::optional<raw_stream> s, std::string r)
        : answer(std::move(a)), stream(std::move(s)), read_already(std::move(r))
    {
    }
};

} // namespace afresh
