#pragma once
// `afresh demo`.

#include "cli/demo/demo_options.hpp"

namespace afresh::cli {

// 0: all is well. 1: it is not. 130: interrupted.
int run_demo(const demo_options& options);
// Only the demo's server, until SIGTERM or SIGINT.
int serve_demo(const demo_options& options);

} // namespace afresh::cli
