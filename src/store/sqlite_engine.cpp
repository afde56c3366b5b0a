#include "store/sqlite_engine.hpp"

#include "store/failed_reply.hpp"
#include "store/private_file.hpp"
#include "store/sqlite_sealing.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace afresh::store {

using kind = store_command::kind;
using status = store_reply::status;
using clock = owner_lock::clock;
using life = owner_lock::life;

namespace {

// After a damaged file was replaced nobody gets a lease for so long: longer than most token requests take.
constexpr std::chrono::seconds settles_in{6};

std::chrono::milliseconds bounded(std::chrono::milliseconds ttl)
{
    return std::clamp<std::chrono::milliseconds>(ttl, std::chrono::milliseconds(0), std::chrono::hours(24));
}

} // namespace

sqlite_engine::connection::connection(std::unique_ptr<sqlite_handle> handle)
    : db(std::move(handle)),
      select(*db, "SELECT generation, record FROM chain WHERE key = ?1"),
      upsert(*db, "INSERT INTO chain(key, generation, record, changed) "
                  "VALUES(?1, ?2, ?3, iif(?4, (SELECT ifnull(max(changed), 0) + 1 FROM chain), 0)) "
                  "ON CONFLICT(key) DO UPDATE SET generation = excluded.generation, record = excluded.record, "
                  "changed = max(changed, excluded.changed) RETURNING changed"),
      news(*db, "SELECT key, changed FROM chain WHERE changed > ?1 ORDER BY changed"),
      sealed(*db, "SELECT 1 FROM sealing LIMIT 1")
{
}

sqlite_engine::sqlite_engine(const sqlite_store_options& options)
    : options_(options),
      path_(resolve(options.path)),
      file_(std::in_place, open_store(path_, options.busy_timeout)),
      rows_(options.keys),
      owners_(path_ + ".lock")
{
    check_seals(*file_->db, options.keys);
    know_what_is_there();
}

// It is no news.
void sqlite_engine::know_what_is_there()
{
    try {
        sqlite_statement newest(*file_->db, "SELECT ifnull(max(changed), 0) FROM chain");
        const rewinding after(newest);
        if (newest.step()) seen_ = newest.integer(0);
    } catch (const std::runtime_error&) { // damaged there; other chains may be whole
        seen_ = 0;
    }
}

std::vector<std::string> sqlite_engine::changes()
{
    std::vector<std::string> keys;
    if (options_.set_aside_damaged && (!file_ || file_->db->has_moved()) && begin_anew())
        return {std::string()}; // perhaps all have
    if (!file_) return keys;
    const rewinding after(file_->news);
    file_->news.bind(1, seen_);
    while (file_->news.step()) {
        seen_ = file_->news.integer(1);
        if (ours_.erase(seen_) == 0) keys.emplace_back(file_->news.text(0));
    }
    ours_.clear(); // what has changed again since has another number
    return keys;
}

void sqlite_engine::run(std::span<store_task*> batch) noexcept
{
    damaged_ = !file_;
    if (file_) attempt(batch);
    if (damaged_ && options_.set_aside_damaged && begin_anew()) attempt(batch);
    if (file_) return;
    for (store_task* t : batch)
        t->reply = failed_reply("the token store " + path_ + " was damaged and could not be begun anew; " +
                                "check its directory (space, permissions)");
}

// FAULTS A4. Who still holds a lease of before is not known to the new file; see change().
bool sqlite_engine::begin_anew() noexcept
try {
    std::unique_ptr<sqlite_handle> old;
    if (file_) {
        old = std::move(file_->db);
        file_.reset(); // the statements; they are not to outlive the handle
    }
    file_.emplace(old ? store::begin_anew(std::move(old), options_.busy_timeout)
                      : open_store(path_, options_.busy_timeout));
    check_seals(*file_->db, options_.keys);
    ours_.clear();
    know_what_is_there();
    anew_ = clock::now();
    return true;
} catch (const std::exception&) { // the next command tries again, and says so until then
    file_.reset();
    return false;
}

void sqlite_engine::attempt(std::span<store_task*> batch) noexcept
{
    const auto first =
        std::partition(batch.begin(), batch.end(), [](auto* t) { return t->command.what == kind::load; });
    std::for_each(batch.begin(), first, [this](store_task* t) { load(*t); }); // readers wait for nobody
    const std::span<store_task*> changes(first, batch.end());
    // What one of them cannot do (a damaged row, a full disk) must not keep the others from it.
    if (!changes.empty() && !change(changes))
        for (std::size_t i = 0; i < changes.size(); ++i) change(changes.subspan(i, 1));
    owners_.drop_claims();
}

bool sqlite_engine::read(const std::string& key, chain_record& record)
{
    sqlite_statement& select = file_->select;
    const rewinding after(select);
    select.bind(1, std::string_view(key));
    if (!select.step()) return false;
    try {
        record = rows_.from_text(key, static_cast<std::uint64_t>(select.integer(0)), select.text(1));
    } catch (const std::exception& e) {
        fail(path_, std::string("has a record that cannot be read: ") + e.what(),
             "restore it from a backup, or remove it and sign in again");
    }
    return true;
}

void sqlite_engine::write(const std::string& key, const chain_record& record, bool is_news)
{
    if (rows_.keys().empty()) {
        const rewinding after(file_->sealed);
        if (file_->sealed.step())
            fail(path_, "was sealed meanwhile", "give the store the key ring that it was sealed with");
    }
    const secret_string text = rows_.to_text(key, record);
    sqlite_statement& upsert = file_->upsert;
    const rewinding after(upsert);
    upsert.bind(1, std::string_view(key));
    upsert.bind(2, static_cast<std::int64_t>(record.generation));
    upsert.bind(3, text.reveal());
    upsert.bind(4, std::int64_t{is_news});
    if (upsert.step() && is_news) ours_uncommitted_.insert(upsert.integer(0));
    upsert.step(); // to its end
}

void sqlite_engine::load(store_task& task) noexcept
{
    try {
        chain_record record;
        const bool found = read(task.key, record);
        task.reply = apply(record, store_command(), std::chrono::system_clock::now(), found);
    } catch (const std::exception& e) {
        task.reply = failure(e);
    }
}

store_reply sqlite_engine::failure(const std::exception& e) noexcept
{
    if (dynamic_cast<const damaged_file*>(&e)) damaged_ = true;
    return failed_reply(e.what());
}

// For a holder that names its byte, the kernel's word replaces the clock's.
void sqlite_engine::look_at_holder(lease& holder, store_time now, clock::time_point mono) const
{
    if (holder.owner.empty()) return;
    const life l = owners_.look(holder.owner, mono);
    if (l == life::alive) holder.until = std::max(holder.until, now + std::chrono::seconds(1));
    if (l == life::dead) holder.until = std::min(holder.until, now);
}

// False: several of them cannot be done together, and none was done; the same may be asked of each alone.
bool sqlite_engine::change(std::span<store_task*> tasks) noexcept
{
    bool begun = false;
    try {
        if (file_->db->has_moved()) {
            damaged_ = true; // by another process, perhaps
            fail(path_, "was moved or deleted while it was open", "put it back, or restart the program");
        }
        // Before anything is written, because a store that fails or is slow must not cost the holder its lock.
        for (const store_task* t : tasks)
            if (t->command.what == kind::renew_lease || t->command.what == kind::write_intent)
                owners_.prolong(t->key, t->command.fence, clock::now() + bounded(t->command.ttl));
        write_transaction transaction(*file_->db);
        begun = true;
        ours_uncommitted_.clear();
        for (store_task* t : tasks) change(*t);
        transaction.commit();
        if (!ours_uncommitted_.empty()) owners_.touch(); // the database's own files change before others can see it
        ours_.merge(ours_uncommitted_);
        for (const store_task* t : tasks) settle(*t);
        if (std::any_of(tasks.begin(), tasks.end(), [](auto* t) { return t->command.what == kind::sign_out; }))
            checkpoint();
        return true;
    } catch (const std::exception& e) {
        const store_reply failed = failure(e);
        owners_.drop_claims();
        if (begun && tasks.size() > 1) return false;
        for (store_task* t : tasks) {
            t->reply = failed;
            // The holder is done with its lease, also when that could not be written down. Others see it by the byte.
            if (t->command.what == kind::release_lease || t->command.what == kind::save_failure)
                owners_.forget(t->key, t->command.fence);
        }
        return true;
    }
}

void sqlite_engine::change(store_task& task)
{
    const std::string& key = task.key;
    store_command command = task.command; // a copy: the task may be tried again
    const clock::time_point mono = clock::now();
    chain_record record;
    const bool found = read(key, record);
    const chain_record before = record;
    const store_time now = std::chrono::system_clock::now();
    look_at_holder(record.holder, now, mono);
    const bool takes = command.what == kind::take_lease && !command.owner.empty();
    // A request that was begun before the damage may be under way still: its lease went with the old file.
    if (takes && !found && anew_ && mono < *anew_ + settles_in) {
        record.holder.owner = "before the damage";
        record.holder.until = now + std::chrono::duration_cast<store_time::duration>(*anew_ + settles_in - mono);
        task.reply = apply(record, command, now, found);
        return;
    }
    // A holder that was slow, but whose lock nobody has taken meanwhile, still is the holder.
    if (!takes && record.holder.fence == command.fence && owners_.holds(key, command.fence))
        record.holder.until = std::max(record.holder.until, now + std::chrono::seconds(1));
    const lease seen = record.holder;
    if (takes) {
        const std::string mine = owners_.text_of(key, command.owner, mono);
        const bool held = !seen.owner.empty() && now < seen.until;
        if (!mine.empty() && mine == seen.owner)
            command.owner = mine;
        else if (!held)
            command.owner = owners_.claim(command.owner);
    }
    task.reply = apply(record, command, now, found);
    if (task.reply.outcome != status::ok) return;
    if (record.holder == seen) record.holder = before.holder; // how it was seen is not how it is
    if (record != before) write(key, record, record.generation != before.generation || record.state != before.state);
}

// What a committed command means for the locks.
void sqlite_engine::settle(const store_task& task)
{
    if (task.reply.outcome != status::ok) return;
    const lease& holder = task.reply.record.holder;
    if (task.command.what == kind::take_lease)
        owners_.confirm(task.key, holder.owner, holder.fence, clock::now() + bounded(task.command.ttl));
    else
        owners_.settle(task.key, holder.owner);
}

// Signed out: the old pages, tokens and all, leave the write-ahead log too, unless a reader still needs them.
void sqlite_engine::checkpoint() noexcept
{
    try {
        file_->db->pragma("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch (const std::exception&) { // the next one will do it
        return;
    }
}

} // namespace afresh::store
