#pragma once
#include <string_view>
namespace afresh::cli {
// Tells systemd (sd_notify(3)), if it wants to know: "READY=1", "STOPPING=1", "STATUS=..."
void notify_manager(std::string_view state) noexcept;
void notify_reloading(); // READY=1 is to follow
} // namespace afresh::cli
