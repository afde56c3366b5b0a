#pragma once
#include <string>
namespace afresh::detail {
// Starts the system's browser, and does not wait for it. Throws std::runtime_error when there is none.
void open_system_browser(const std::string& url);
} // namespace afresh::detail
