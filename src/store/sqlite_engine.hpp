#pragma once
// A SQLite store without its thread: commands that came together become one transaction.

#include "store/owner_lock.hpp"
#include "store/record_row.hpp"
#include "store/sqlite_file.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <sys/types.h>
#include <unistd.h>
#include <vector>

namespace afresh::store {

struct store_task {
    std::string key;
    store_command command;
    store_reply reply{};
};

class sqlite_engine {
public:
    explicit sqlite_engine(const sqlite_store_options& options);

    // Fills in the replies, in any order; what goes wrong is in them. No two tasks may have the same key: what one of
    // them does to a lease counts only once it is committed.
    void run(std::span<store_task*> batch) noexcept;
    owner_lock::clock::time_point upkeep() { return owners_.drop_abandoned(owner_lock::clock::now()); }
    // The keys of chains that others have changed since this was asked before; an empty one: perhaps all.
    std::vector<std::string> changes();
    bool is_forked() const noexcept { return ::getpid() != pid_; }

private:
    // The open file.
    struct connection {
        explicit connection(std::unique_ptr<sqlite_handle> handle);
        std::unique_ptr<sqlite_handle> db;
        sqlite_statement select, upsert, news, sealed; // the last: was it by some process, ever?
    };
    void attempt(std::span<store_task*> batch) noexcept;
    bool begin_anew() noexcept;
    void know_what_is_there();
    bool read(const std::string& key, chain_record& record);
    void write(const std::string& key, const chain_record& record, bool is_news);
    void load(store_task& task) noexcept;
    store_reply failure(const std::exception& e) noexcept; // also notes whether the file is damaged
    bool change(std::span<store_task*> tasks) noexcept;
    void change(store_task& task);
    void settle(const store_task& task);
    void look_at_holder(lease& holder, store_time now, owner_lock::clock::time_point mono) const;
    void checkpoint() noexcept;

    const sqlite_store_options options_;
    const std::string path_;
    std::optional<connection> file_; // none: a damaged one could not be replaced
    record_row rows_;
    owner_lock owners_;
    bool damaged_{};                                    // as a command has found out
    std::optional<owner_lock::clock::time_point> anew_; // when the file was begun in the place of a damaged one
    const pid_t pid_ = ::getpid();
    std::int64_t seen_{}; // the number of the last change that was told of
    std::set<std::int64_t> ours_, ours_uncommitted_;
};

} // namespace afresh::store
