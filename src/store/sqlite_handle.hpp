#pragma once
// SQLite's C interface with destructors and exceptions. One thread at a time.

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/types.h>

struct sqlite3;
struct sqlite3_stmt;

namespace afresh::store {

// The file is not what it was written as.
struct damaged_file : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// A connection. Failures are std::runtime_errors whose text has the file's name, SQLite's message and the remedy.
// SQLite's messages never contain bound values, so no secret either.
class sqlite_handle {
public:
    // Opens an existing file.
    sqlite_handle(std::string path, std::chrono::milliseconds busy_timeout);
    // Closes; but not in a forked child, which would break the parent's locks (sqlite.org/howtocorrupt.html 2.6).
    ~sqlite_handle();
    sqlite_handle(const sqlite_handle&) = delete;
    sqlite_handle& operator=(const sqlite_handle&) = delete;

    // One statement without a result, or whose result is of no interest.
    void run(const char* sql);
    // The first column of the first row of a PRAGMA.
    std::string pragma(const char* sql);
    bool in_transaction() const noexcept;
    // Was the file deleted or replaced under us? What is written then is lost to everybody else.
    bool has_moved() const noexcept;
    // Leaves the write-ahead log when this is closed: by then its name may be another store's.
    void keep_log() noexcept;
    bool is_forked() const noexcept;
    const std::string& path() const noexcept { return path_; }
    [[noreturn]] void fail(int code) const;

private:
    friend class sqlite_statement;
    std::string path_;
    sqlite3* db_{};
    pid_t pid_;
};

// A statement that is prepared once.
class sqlite_statement {
public:
    sqlite_statement(sqlite_handle& db, const char* sql);
    ~sqlite_statement();
    sqlite_statement(const sqlite_statement&) = delete;
    sqlite_statement& operator=(const sqlite_statement&) = delete;

    // Not copied: `text` must live until rewind().
    void bind(int index, std::string_view text);
    void bind(int index, std::int64_t value);
    // True for a row.
    bool step();
    // Valid until the next step() or rewind().
    std::string_view text(int column) const noexcept;
    std::int64_t integer(int column) const noexcept;
    // Ends the read transaction that an unfinished SELECT holds, and forgets what is bound.
    void rewind() noexcept;

private:
    sqlite_handle& db_;
    sqlite3_stmt* statement_{};
};

// Rewinds when the block is left, however.
struct rewinding {
    explicit rewinding(sqlite_statement& s) : statement(s) {}
    ~rewinding() { statement.rewind(); }
    rewinding(const rewinding&) = delete;
    rewinding& operator=(const rewinding&) = delete;
    sqlite_statement& statement;
};

// BEGIN IMMEDIATE: the write lock is taken before anything is read, so no commit fails because the file changed
// meanwhile.
class write_transaction {
public:
    explicit write_transaction(sqlite_handle& db);
    ~write_transaction(); // rolls back what was not committed
    write_transaction(const write_transaction&) = delete;
    write_transaction& operator=(const write_transaction&) = delete;
    void commit();

private:
    sqlite_handle& db_;
};

} // namespace afresh::store
