#pragma once
#include "cli/gateway/event_log.hpp"
#include "cli/gateway/gateway_state.hpp"

namespace afresh::cli {

// Once a second. A line for each change of a token that an operator wants to know of.
void look_at_tokens(gateway_state& g, const event_log& log);

} // namespace afresh::cli
