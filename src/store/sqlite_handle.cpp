#include "store/sqlite_handle.hpp"

#include "store/private_file.hpp"

#include <algorithm>
#include <limits>
#include <sqlite3.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace afresh::store {
namespace {

const char* remedy(int code) noexcept
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another process keeps it locked: end that process, or raise busy_timeout";
    case SQLITE_FULL: return "free some space on its disk";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return "it is damaged: restore it from a backup, or remove it and sign in again";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return "make the file and its directory writable for this user";
    case SQLITE_NOMEM: return "the process is out of memory";
    default: return "check its disk and directory (space, permissions, hardware)";
    }
}

} // namespace

sqlite_handle::sqlite_handle(std::string path, std::chrono::milliseconds busy_timeout)
    : path_(std::move(path)), pid_(::getpid())
{
    // No mutexes inside: only one thread calls. No links: resolve() has followed those of the directory.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
    const int code = ::sqlite3_open_v2(path_.c_str(), &db_, flags, nullptr);
    try {
        if (code != SQLITE_OK) fail(code);
        ::sqlite3_extended_result_codes(db_, 1);
        const auto limit =
            std::clamp<std::chrono::milliseconds::rep>(busy_timeout.count(), 0, std::numeric_limits<int>::max());
        ::sqlite3_busy_timeout(db_, static_cast<int>(limit));
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        ::sqlite3_db_config(db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    } catch (...) {
        ::sqlite3_close(db_);
        throw;
    }
}

sqlite_handle::~sqlite_handle()
{
    if (is_forked()) return;
    if (has_moved()) keep_log();
    ::sqlite3_close(db_);
}

void sqlite_handle::keep_log() noexcept
{
    int on = 1;
    ::sqlite3_file_control(db_, "main", SQLITE_FCNTL_PERSIST_WAL, &on);
}

bool sqlite_handle::is_forked() const noexcept { return ::getpid() != pid_; }

void sqlite_handle::fail(int code) const
{
    std::string problem = "failed: ";
    problem += db_ ? ::sqlite3_errmsg(db_) : ::sqlite3_errstr(code);
    if (const int error = db_ ? ::sqlite3_system_errno(db_) : 0; error != 0 && (code & 0xff) != SQLITE_BUSY)
        problem += " (" + std::generic_category().message(error) + ")";
    if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
        throw damaged_file(text_of_failure(path_, problem, remedy(code)));
    store::fail(path_, problem, remedy(code));
}

void sqlite_handle::run(const char* sql)
{
    if (const int code = ::sqlite3_exec(db_, sql, nullptr, nullptr, nullptr); code != SQLITE_OK) fail(code);
}

std::string sqlite_handle::pragma(const char* sql)
{
    sqlite_statement statement(*this, sql);
    return statement.step() ? std::string(statement.text(0)) : std::string();
}

bool sqlite_handle::in_transaction() const noexcept { return ::sqlite3_get_autocommit(db_) == 0; }

bool sqlite_handle::has_moved() const noexcept
{
    int moved = 0;
    return ::sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved != 0;
}

sqlite_statement::sqlite_statement(sqlite_handle& db, const char* sql) : db_(db)
{
    const int code = ::sqlite3_prepare_v3(db.db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (code != SQLITE_OK) db.fail(code);
}

sqlite_statement::~sqlite_statement()
{
    if (!db_.is_forked()) ::sqlite3_finalize(statement_);
}

void sqlite_statement::bind(int index, std::string_view text)
{
    // An empty string_view may have no address, which SQLite would read as NULL.
    const char* data = text.empty() ? "" : text.data();
    const int code = ::sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) db_.fail(code);
}

void sqlite_statement::bind(int index, std::int64_t value)
{
    if (const int code = ::sqlite3_bind_int64(statement_, index, value); code != SQLITE_OK) db_.fail(code);
}

bool sqlite_statement::step()
{
    const int code = ::sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) db_.fail(code);
    return false;
}

std::string_view sqlite_statement::text(int column) const noexcept
{
    const auto* data = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
    if (!data) return {};
    return {data, static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column))};
}

std::int64_t sqlite_statement::integer(int column) const noexcept { return ::sqlite3_column_int64(statement_, column); }

void sqlite_statement::rewind() noexcept
{
    ::sqlite3_reset(statement_);
    ::sqlite3_clear_bindings(statement_);
}

write_transaction::write_transaction(sqlite_handle& db) : db_(db) { db_.run("BEGIN IMMEDIATE"); }

write_transaction::~write_transaction()
{
    if (!db_.in_transaction()) return; // committed, or rolled back by SQLite itself
    try {
        db_.run("ROLLBACK");
    } catch (const std::exception&) { // the first failure is the one that is reported
        return;
    }
}

void write_transaction::commit() { db_.run("COMMIT"); }

} // namespace afresh::store
