#pragma once
// Tokens for other programs of this machine, over a UNIX socket: for scripts, and for nginx's auth_request.

#include "cli/gateway/gateway_state.hpp"
#include "cli/gateway/inbound.hpp"

#include <memory>

namespace afresh::cli {

// GET /token?profile=NAME[&format=...][&min_valid=SECONDS]: as `afresh token` prints it. GET /authorization?profile=NAME:
// 204, with the token in an Authorization field.
asio::awaitable<void> answer_token(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g);

} // namespace afresh::cli
