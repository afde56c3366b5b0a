#pragma once
// A run as a picture: calls per second above, the access tokens below, and what went wrong across both.

#include "cli/demo/run_history.hpp"

#include <string>

namespace afresh::cli {

// Self-contained; light or dark as the viewer prefers.
std::string timeline_svg(const run_history& run, const std::string& title);

} // namespace afresh::cli
