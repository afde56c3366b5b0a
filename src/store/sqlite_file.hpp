#pragma once
// The file of a SQLite store: made, checked, opened.

#include "store/sqlite_handle.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace afresh::store {

// Opens the store at `path` (resolved), making it first when there is none. Throws std::runtime_error.
std::unique_ptr<sqlite_handle> open_store(const std::string& path, std::chrono::milliseconds busy_timeout);

// Gives the damaged file of this open store, which has no statements left, another name that begins with its own, unless
// another process has done so already, and begins a new one in its place.
std::unique_ptr<sqlite_handle> begin_anew(std::unique_ptr<sqlite_handle> damaged,
                                          std::chrono::milliseconds busy_timeout);

} // namespace afresh::store
