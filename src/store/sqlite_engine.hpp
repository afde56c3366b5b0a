#pragma once
// A SQLite store without its thread: commands that came together become one transaction.

#include "store/owner_lock.hpp"
#include "store/record_row.hpp"
#include "store/sqlite_file.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <cstdint>
#include <set>
#include <span>
#include <string>
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
    // The keys of chains that others have changed since this was asked before.
    std::vector<std::string> changes();
    bool is_forked() const noexcept { return db_->is_forked(); }

private:
    bool read(const std::string& key, chain_record& record);
    void write(const std::string& key, const chain_record& record, bool is_news);
    void load(store_task& task) noexcept;
    bool change(std::span<store_task*> tasks) noexcept;
    void change(store_task& task);
    void settle(const store_task& task);
    void look_at_holder(lease& holder, store_time now, owner_lock::clock::time_point mono) const;
    void checkpoint() noexcept;

    std::string path_;
    std::unique_ptr<sqlite_handle> db_;
    record_row rows_;
    sqlite_statement select_;
    sqlite_statement upsert_;
    sqlite_statement news_;
    sqlite_statement sealed_; // by some process, ever
    owner_lock owners_;
    std::int64_t seen_{}; // the number of the last change that was told of
    std::set<std::int64_t> ours_, ours_uncommitted_;
};

} // namespace afresh::store
