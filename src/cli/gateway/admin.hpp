#pragma once
// What operators ask the gateway: is it alive, is it ready, what has it done.

#include "cli/gateway/inbound.hpp"
#include "cli/gateway/route.hpp"

#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {

using routes = std::vector<std::shared_ptr<route>>;

// The text that Prometheus scrapes.
std::string gateway_metrics(const routes& all);
// One connection of the status listener.
asio::awaitable<void> serve_admin(std::shared_ptr<inbound> in, std::shared_ptr<const routes> all);

} // namespace afresh::cli
