#pragma once

#include "harness.hpp"

namespace bench {

// Each adds its rows. `go` is the command of the peer's program, empty where Go is not installed.
void hot_path(report& out, const std::string& go);

} // namespace bench
