#include "store/postgres_engine.hpp"

#include "store/failed_reply.hpp"
#include "store/sealing.hpp"

#include <boost/asio/strand.hpp>

#include <random>
#include <stdexcept>
#include <utility>

namespace afresh::store {

using kind = store_command::kind;
using status = store_reply::status;
using std::chrono::microseconds;

namespace {

constexpr std::string_view prefix = "the PostgreSQL token store ";

// Tells this store's notifications from others'.
std::string random_name()
{
    std::random_device from;
    return std::to_string(from()) + '-' + std::to_string(from());
}

bool is_conflict(const std::string& sqlstate) { return sqlstate == "40001" || sqlstate == "40P01"; }

// What a user can do about it.
std::string advice(const postgres_failure& failure)
{
    const std::string& s = failure.sqlstate();
    if (s == "42501") return "; grant SELECT, INSERT and UPDATE on its tables to this role";
    if (s == "42P01") return "; its tables were removed: they are made again with the next command";
    if (s == "25006") return "; this is a standby: name the primary, or all hosts, in conninfo";
    if (s == "57014" || s == "55P03") return "; the database is slow, or somebody keeps a lock: see statement_timeout";
    if (s.starts_with("53")) return "; it is short of disk, memory or connections";
    if (failure.is_lost()) return "; it is tried again with the next command";
    return {};
}

std::string describe(const postgres_failure& failure)
{
    return std::string(prefix) + (failure.is_lost() ? "cannot be reached: " : "failed: ") + failure.what() +
           advice(failure);
}

[[noreturn]] void refuse(const std::string& problem) { throw std::runtime_error(std::string(prefix) + problem); }

} // namespace

postgres_engine::postgres_engine(asio::any_io_executor executor, postgres_store_options o)
    : strand(asio::make_strand(std::move(executor))),
      options(std::move(o)),
      sender_(random_name()),
      table_(options.table),
      rows_(options.keys),
      turns_(strand, options.connections)
{
    parse_hosts(options.conninfo);
    if (!options.listen_conninfo.empty()) parse_hosts(options.listen_conninfo);
    const auto bounded = [](std::chrono::milliseconds t) { return t.count() > 0 && t <= std::chrono::hours(1); };
    if (options.connections == 0 || options.connections > 1000) throw std::invalid_argument("connections: 1 to 1000");
    if (!bounded(options.connect_timeout)) throw std::invalid_argument("connect_timeout: 1 ms to 1 h");
    if (!bounded(options.statement_timeout)) throw std::invalid_argument("statement_timeout: 1 ms to 1 h");
}

// The server ends a statement that takes too long, and says so; only when it does not, the connection is given up.
postgres_engine::clock::time_point postgres_engine::limit() const
{
    return clock::now() + options.statement_timeout + std::chrono::seconds(1);
}

std::string postgres_engine::key_of(const std::string& payload) const
{
    const std::size_t space = payload.find(' ');
    if (space == std::string::npos || payload.substr(space + 1) == sender_) return {};
    const auto found = keys_.find(payload.substr(0, space));
    return found == keys_.end() ? std::string() : found->second;
}

asio::awaitable<store_reply> postgres_engine::run(std::string key, store_command command)
{
    std::string problem;
    for (int tries = 0;; ++tries) {
        attempt how;
        try {
            co_return co_await once(key, command, how);
        } catch (const postgres_failure& f) {
            problem = describe(f);
            if (f.sqlstate() == "42P01") is_set_up_ = false;
            // Nothing was written: COMMIT was never sent.
            const bool stale = f.is_lost() && how.reused;
            const bool again = !how.committed && (stale || (is_conflict(f.sqlstate()) && tries < 5));
            if (!again) break;
            if (stale) idle_.clear(); // the others are as old
        } catch (const std::exception& e) {
            problem = e.what();
            break;
        }
    }
    co_return failed_reply(std::move(problem));
}

asio::awaitable<store_reply> postgres_engine::once(const std::string& key, const store_command& command, attempt& how)
{
    const net::turns::turn mine = co_await turns_.take();
    connection c = co_await borrow(how);
    store_reply reply;
    if (command.what == kind::load)
        reply = co_await load(*c, key);
    else
        reply = co_await change(*c, key, command, how);
    idle_.push_back(std::move(c)); // after a failure it is closed instead
    co_return reply;
}

asio::awaitable<postgres_engine::connection> postgres_engine::borrow(attempt& how)
{
    connection c;
    how.reused = !idle_.empty();
    if (how.reused) {
        c = std::move(idle_.back());
        idle_.pop_back();
    } else {
        c = co_await connect(options.conninfo);
    }
    if (!is_set_up_) co_await set_up(*c);
    co_return c;
}

asio::awaitable<postgres_engine::connection> postgres_engine::connect(std::string conninfo) const
{
    const std::vector<postgres_address> hosts = parse_hosts(conninfo);
    std::string problems;
    for (const postgres_address& host : hosts) {
        try {
            const std::vector<postgres_address> all = co_await resolve(host, clock::now() + options.connect_timeout);
            for (const postgres_address& one : all) {
                try {
                    const auto until = clock::now() + options.connect_timeout;
                    connection made = co_await postgres_connection::open(conninfo, one, until);
                    co_return made;
                } catch (const postgres_failure& f) {
                    problems += (problems.empty() ? "" : "; ") + std::string(f.what());
                }
            }
        } catch (const postgres_failure& f) {
            problems += (problems.empty() ? "" : "; ") + std::string(f.what());
        }
    }
    throw postgres_failure(problems);
}

// --- a command ---

postgres_engine::row postgres_engine::read(const std::string& key, const postgres_answer& answer)
{
    row r;
    r.now = store_time(std::chrono::duration_cast<store_time::duration>(microseconds(answer.integer(0, 0))));
    r.is_sealed = answer.integer(0, 1) != 0;
    keys_.try_emplace(hexadecimal(answer.bytes(0, 2)), key);
    r.found = !answer.is_null(0, 4);
    if (!r.found) return r;
    try {
        r.record = rows_.from_text(key, static_cast<std::uint64_t>(answer.integer(0, 3)), answer.bytes(0, 4));
    } catch (const std::exception& e) {
        refuse(std::string("has a record that cannot be read: ") + e.what() +
               "; restore it from a backup, or remove it and sign in again");
    }
    return r;
}

asio::awaitable<store_reply> postgres_engine::load(postgres_connection& c, const std::string& key)
{
    const postgres_answer answer = co_await ask(c, table_.load(key));
    row r = read(key, answer);
    co_return apply(r.record, store_command(), r.now, r.found);
}

// Two round trips, and nothing that outlives the transaction: it may go through a pooler.
asio::awaitable<store_reply> postgres_engine::change(postgres_connection& c, const std::string& key,
                                                     const store_command& command, attempt& how)
{
    postgres_batch first;
    first.push_back(table_.begin());
    first.push_back(table_.limit(options.statement_timeout));
    first.push_back(table_.insert(key));
    first.push_back(table_.lock(key));
    first.push_back(table_.load(key)); // the clock is read once the lock is there
    const postgres_answers locked = co_await c.run(first, limit());
    row r = read(key, locked.back());
    const chain_record before = r.record;
    store_reply reply = apply(r.record, command, r.now, r.found);

    postgres_batch second;
    secret_string text;
    const bool writes = reply.outcome == status::ok && r.record != before;
    if (writes) {
        if (rows_.keys().empty() && r.is_sealed) refuse("was sealed meanwhile; " + std::string(sealing_remedy));
        text = rows_.to_text(key, r.record);
        second.push_back(table_.update(key, static_cast<std::int64_t>(r.record.generation), text.reveal()));
        if (r.record.generation != before.generation || r.record.state != before.state)
            second.push_back(table_.notify(key, sender_));
    }
    second.push_back(postgres_statement(writes ? "COMMIT" : "ROLLBACK"));
    how.committed = writes;
    const postgres_answers ended = co_await c.run(second, limit());
    if (writes && ended.back().command() != "COMMIT") throw postgres_failure("the transaction was rolled back");
    co_return reply;
}

asio::awaitable<postgres_answer> postgres_engine::ask(postgres_connection& c, postgres_statement statement) const
{
    postgres_batch one;
    one.push_back(std::move(statement));
    postgres_answers answers = co_await c.run(one, limit());
    co_return std::move(answers.at(0));
}

// --- the schema: one process at a time ---

asio::awaitable<void> postgres_engine::set_up(postgres_connection& c)
{
    co_await ask(c, table_.begin());
    co_await ask(c, table_.limit(options.statement_timeout));
    co_await ask(c, table_.lock_schema());
    co_await bring_up_to_date(c);
    co_await check_seals(c);
    const postgres_answer ended = co_await ask(c, postgres_statement("COMMIT"));
    if (ended.command() != "COMMIT") throw postgres_failure("the transaction that makes the tables was rolled back");
    is_set_up_ = true;
}

asio::awaitable<void> postgres_engine::bring_up_to_date(postgres_connection& c)
{
    int is = 0;
    const postgres_answer table = co_await ask(c, table_.find_version_table());
    if (!table.is_null(0, 0)) {
        const postgres_answer known = co_await ask(c, table_.select_version());
        if (known.rows() != 1) refuse("has no version in its table " + options.table + "_version; restore it");
        is = static_cast<int>(known.integer(0, 0));
    }
    if (is > postgres_table::version)
        refuse("was made by a newer version of Afresh; use that version, or another table");
    if (is == postgres_table::version) co_return;
    std::string problem;
    try {
        for (; is < postgres_table::version; ++is)
            for (std::string& sql : table_.step(is)) co_await ask(c, postgres_statement(std::move(sql)));
        co_await ask(c, table_.set_version(is));
    } catch (const postgres_failure& f) {
        if (f.sqlstate() != "42501" && f.sqlstate() != "3F000") throw;
        problem = f.what();
    }
    if (!problem.empty())
        refuse("may not make its tables (" + problem +
               "); let somebody who may run this, and grant SELECT, INSERT and "
               "UPDATE on them:\n" +
               table_.all_steps());
}

// Proves that these are the store's keys, before anything is read or written with others.
asio::awaitable<void> postgres_engine::check_seals(postgres_connection& c)
{
    const key_ring& keys = rows_.keys();
    const postgres_answer known = co_await ask(c, table_.select_keys());
    if (keys.empty() && known.rows() > 0) refuse("is sealed; " + std::string(sealing_remedy));
    bool is_new = !keys.empty();
    for (int i = 0; i < known.rows(); ++i) {
        const std::string id(known.bytes(i, 0));
        if (id == keys.id()) is_new = false;
        if (is_other_key(keys, id, known.bytes(i, 1)))
            refuse("was sealed with another key '" + id + "' than the one in the key ring; " +
                   std::string(sealing_remedy));
        if (keys.has(id)) continue;
        const std::string beginning = sealed_beginning(id);
        const postgres_answer left = co_await ask(c, table_.find_sealed_with(beginning));
        if (left.rows() > 0)
            refuse("has records sealed with the key '" + id + "', which is not in the key ring; " +
                   std::string(sealing_remedy));
    }
    if (!is_new) co_return;
    if (known.rows() == 0) co_await seal_all(c);
    const std::string proof = sealing_proof(keys);
    co_await ask(c, table_.insert_key(keys.id(), proof));
}

asio::awaitable<void> postgres_engine::seal_all(postgres_connection& c)
{
    const postgres_answer open = co_await ask(c, table_.select_all());
    for (int i = 0; i < open.rows(); ++i) {
        const std::string key(open.bytes(i, 0));
        const auto generation = static_cast<std::uint64_t>(open.integer(i, 1));
        const std::string sealed = rows_.keys().seal(key, generation, secret_string(open.bytes(i, 2)));
        co_await ask(c, table_.update(key, open.integer(i, 1), sealed));
    }
}

} // namespace afresh::store
