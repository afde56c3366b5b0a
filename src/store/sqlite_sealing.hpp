#pragma once
// Which keys a SQLite store is sealed with, and the step from an open store to a sealed one.

#include "store/sqlite_handle.hpp"

#include <afresh/key_ring.hpp>

namespace afresh::store {

// Proves that these are the store's keys, before anything is read or written with others. A store that was never sealed
// is sealed now, all of it; a new key is noted. Throws std::runtime_error: what to do.
void check_seals(sqlite_handle& db, const key_ring& keys);

} // namespace afresh::store
