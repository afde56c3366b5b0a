#pragma once
// Two connections that speak to each other, in whatever protocol. Asio.

#include "cli/gateway/inbound.hpp"

#include <afresh/http_upgrade.hpp>

#include <memory>
#include <string>

namespace afresh::cli {

// Until either side ends, or stumbles. `first` is for the caller. The thread is the only one that runs both executors.
asio::awaitable<void> tunnel(std::shared_ptr<inbound> caller, raw_stream api, std::string first);

} // namespace afresh::cli
