#pragma once
// Where files are if nobody says otherwise (XDG Base Directory Specification; systemd's directories come first).

#include <string>

namespace afresh::cli {

std::string default_configuration();
std::string default_store();
// Beside the store's file: the key that seals it, and what was discovered.
std::string state_directory();

} // namespace afresh::cli
