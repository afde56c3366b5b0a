#pragma once
// Tokens for other programs of this machine, over a UNIX socket: for scripts, and for nginx's auth_request.

#include "cli/gateway/inbound.hpp"

#include <afresh/token_source.hpp>

#include <map>
#include <memory>
#include <string>

namespace afresh::cli {

using sources_by_profile = std::map<std::string, token_source>;

// GET /token?profile=NAME[&format=...][&min_valid=SECONDS]: as `afresh token` prints it. GET /authorization?profile=NAME:
// 204, with the token in an Authorization field.
asio::awaitable<void> serve_tokens(std::shared_ptr<inbound> in, std::shared_ptr<const sources_by_profile> all);

} // namespace afresh::cli
