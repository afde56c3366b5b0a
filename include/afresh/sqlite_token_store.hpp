#pragma once
/// @file
/// The durable default: a SQLite file. Link `afresh::sqlite`.

#include <afresh/key_ring.hpp>
#include <afresh/sqlite_export.hpp>
#include <afresh/token_store.hpp>

#include <chrono>
#include <string>

namespace afresh {

/// Settings of a SQLite store; goes to `make_sqlite_token_store` only.
struct sqlite_store_options {
    std::string path;                             ///< created with mode 0600 when missing; its directory must exist
    std::chrono::milliseconds busy_timeout{5000}; ///< wait for another process's write lock
    /// Encrypts the records; empty: the file's mode alone protects them. All who open the file need the keys. A store that
    /// was open until now is sealed when it is opened with keys, and never becomes open again.
    key_ring keys{};
    /// What becomes of a file that proves to be damaged while it is open. False: commands fail, tokens in memory are
    /// served while they last, and somebody puts a backup in its place. True: it is renamed to `PATH.damaged-...`, a new
    /// file is begun, and the processes that run write into it what they know (event `store_went_back`). What no running
    /// process knows begins anew with the refresh token that the program is started with; where that is spent, a server
    /// that detects reuse ends the grant, and somebody must sign in.
    bool set_aside_damaged = false;
};

/// Opens (or creates) the file: WAL, synchronous=FULL, secure_delete, mode 0600. A file that is readable by others,
/// owned by somebody else, or a symbolic link is refused. Beside it come `-wal`, `-shm` and `.lock`: share or mount the
/// directory, not the file, and keep it on a local disk. After fork() open the store again in the child.
///
/// Owns one thread on which SQLite runs; commands that come together share one durable commit. The destructor joins it
/// and is the only destructor of Afresh that blocks.
///
/// @par Exceptions    `boost::system::system_error` with `errc::store_failed` or `errc::invalid_argument`; the text
///                    says what to do.
AFRESH_SQLITE_EXPORT std::shared_ptr<token_store> make_sqlite_token_store(sqlite_store_options options);

} // namespace afresh
