#include "store/sqlite_file.hpp"

#include "store/private_file.hpp"

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <mutex>
#include <sys/file.h>
#include <unistd.h>

namespace afresh::store {
namespace {

// "afre": tells a store from any other database, and from a file that was truncated to nothing.
constexpr const char* application_id = "1634103909";
constexpr int version = 3;

// What brings a store of version `from` (0: there is none) to the next one.
constexpr const char* steps[version] = {
    "CREATE TABLE chain(key TEXT PRIMARY KEY, generation INTEGER NOT NULL, record TEXT NOT NULL) STRICT",
    "CREATE TABLE sealing(id TEXT PRIMARY KEY, proof TEXT NOT NULL) STRICT",
    // The changes of generation or state are counted: whoever knows the last number finds what is new at once.
    "ALTER TABLE chain ADD COLUMN changed INTEGER NOT NULL DEFAULT 0; CREATE INDEX chain_changed ON chain(changed)",
};

void set_up(sqlite_handle& db)
{
    // The write-ahead log and its index get the mode of the file itself (sqlite.org/wal.html).
    if (db.pragma("PRAGMA journal_mode = WAL") != "wal")
        fail(db.path(), "cannot use a write-ahead log", "keep it on a local disk");
    db.run("PRAGMA synchronous = FULL");   // each commit survives a power failure, not only a crash of the process
    db.run("PRAGMA secure_delete = ON");   // replaced tokens are overwritten
    db.run("PRAGMA temp_store = MEMORY");  // and never go to another file
    db.run("PRAGMA cell_size_check = ON"); // damage is found, not followed
    db.run("PRAGMA mmap_size = 0");        // an I/O error is a reply, not a SIGBUS
}

int version_of(sqlite_handle& db) { return std::stoi(db.pragma("PRAGMA user_version")); }

// Within a transaction.
void take_steps(sqlite_handle& db, int from)
{
    for (int v = from; v < version; ++v) db.run(steps[v]);
    db.run(("PRAGMA user_version = " + std::to_string(version)).c_str());
}

void bring_up_to_date(sqlite_handle& db)
{
    const auto is_older = [&db] {
        const int v = version_of(db);
        return v >= 1 && v < version;
    };
    if (!is_older()) return;
    write_transaction all(db);
    if (is_older()) take_steps(db, version_of(db)); // nobody did it meanwhile
    all.commit();
}

void make(const std::string& path, std::chrono::milliseconds busy_timeout)
{
    // Complete before it has its name: whoever finds the file finds a store, and an empty file is damage, never a new
    // store.
    const std::string fresh = fresh_name(path);
    ::close(create(fresh));
    try {
        sqlite_handle db(fresh, busy_timeout);
        set_up(db);
        write_transaction all(db);
        take_steps(db, 0);
        db.run((std::string("PRAGMA application_id = ") + application_id).c_str());
        all.commit();
    } catch (...) {
        for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((fresh + suffix).c_str());
        throw;
    }
    publish(fresh, path);
}

// PATH.damaged-20261129T041500Z-1234: the log and its index first, because a log that is left alone would be played back
// into the new file.
void set_aside(const std::string& path)
{
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    char stamp[32];
    std::strftime(stamp, sizeof stamp, ".damaged-%Y%m%dT%H%M%SZ", &utc);
    const std::string aside = path + stamp + '-' + std::to_string(::getpid()); // never over an older one
    for (const char* suffix : {"-wal", "-shm", ""})
        if (::rename((path + suffix).c_str(), (aside + suffix).c_str()) != 0 && errno != ENOENT)
            fail_errno(path, "is damaged and cannot be renamed", errno);
}

} // namespace

std::unique_ptr<sqlite_handle> open_store(const std::string& path, std::chrono::milliseconds busy_timeout)
{
    // One at a time in a process: make() closes a descriptor of the file, which would release another store's POSIX
    // locks on it, had that been opened in between.
    static std::mutex one;
    std::lock_guard lock(one);
    if (!is_there(path)) make(path, busy_timeout);
    is_there(path); // what somebody else made just now is checked too
    is_there(path + "-wal");
    is_there(path + "-shm");
    auto db = std::make_unique<sqlite_handle>(path, busy_timeout);
    if (db->pragma("PRAGMA application_id") != application_id)
        fail(path, "is not an Afresh token store, or was truncated",
             "restore it from a backup, or remove it and sign in again");
    bring_up_to_date(*db);
    if (version_of(*db) != version)
        fail(path, "was written by another version of Afresh", "use that version, or remove it and sign in again");
    set_up(*db);
    return db;
}

std::unique_ptr<sqlite_handle> begin_anew(std::unique_ptr<sqlite_handle> damaged,
                                          std::chrono::milliseconds busy_timeout)
{
    const std::string path = damaged->path();
    // One process at a time: whoever comes second finds the new file.
    const std::string lock_file = path + ".lock";
    const int lock = ::open(lock_file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0) {
        const int error = errno;
        if (lock >= 0) ::close(lock);
        fail_errno(lock_file, "cannot be locked", error);
    }
    try {
        const bool first = !damaged->has_moved();
        damaged->keep_log();
        damaged.reset();
        if (first || !is_there(path)) set_aside(path);
        auto fresh = open_store(path, busy_timeout);
        ::close(lock);
        return fresh;
    } catch (...) {
        ::close(lock);
        throw;
    }
}

} // namespace afresh::store
