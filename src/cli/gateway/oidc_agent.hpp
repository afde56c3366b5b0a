#pragma once
// The language of oidc-agent (https://github.com/indigo-dc/oidc-agent), so that its clients get tokens here: OIDC_SOCK
// names the socket.

#include "cli/gateway/connections.hpp"
#include "cli/gateway/gateway_state.hpp"

#include <memory>

namespace afresh::cli {

// A client of oidc-agent is answered; false: it is none. Before that `first` has its say, if there is one.
asio::awaitable<bool> greet_agent_client(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g,
                                         connections::greeting first);

} // namespace afresh::cli
