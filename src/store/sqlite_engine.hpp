#pragma once
// A SQLite store without its thread: one command after another.

#include "store/owner_lock.hpp"
#include "store/sqlite_file.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <string>

namespace afresh::store {

class sqlite_engine {
public:
    explicit sqlite_engine(const sqlite_store_options& options);

    // Never throws: what goes wrong is in the reply.
    store_reply run(const std::string& key, const store_command& command) noexcept;
    owner_lock::clock::time_point upkeep() { return owners_.drop_abandoned(owner_lock::clock::now()); }
    bool is_forked() const noexcept { return db_->is_forked(); }

private:
    bool read(const std::string& key, chain_record& record);
    void write(const std::string& key, const chain_record& record);
    store_reply load(const std::string& key);
    store_reply change(const std::string& key, store_command command);
    void look_at_holder(lease& holder, store_time now, owner_lock::clock::time_point mono) const;
    void checkpoint() noexcept;

    std::string path_;
    std::unique_ptr<sqlite_handle> db_;
    sqlite_statement select_;
    sqlite_statement upsert_;
    owner_lock owners_;
};

store_reply failed_reply(std::string text) noexcept;

} // namespace afresh::store
