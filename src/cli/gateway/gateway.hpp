#pragma once
// The gateway: sits beside a program, and puts a fresh token on each request.

#include "cli/config/configuration.hpp"

#include <boost/asio/awaitable.hpp>

namespace afresh::cli {

// Until SIGTERM or SIGINT; then requests under way are served to their end. Returns an exit code.
boost::asio::awaitable<int> run_gateway(configuration all);

} // namespace afresh::cli
