#pragma once

#include "harness.hpp"

namespace bench {

// Each adds its rows. `go` is the command of the peer's program, empty where Go is not installed.
void hot_path(report& out, const std::string& go);
void token_reader(report& out);
void waiters(report& out, const std::string& go);
void headers(report& out);
void dpop(report& out);
void stores(report& out);
void http_client(report& out); // nothing without a server: see http/with_server.sh

} // namespace bench
