#pragma once
// What operators ask the gateway: is it alive, is it ready, what has it done.

#include "cli/gateway/gateway_state.hpp"
#include "cli/gateway/inbound.hpp"

#include <memory>

namespace afresh::cli {

// One request at the status listener.
asio::awaitable<void> answer_admin(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g);

} // namespace afresh::cli
