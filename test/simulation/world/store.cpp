#include "simulation/world/store.hpp"

#include "simulation/world/world.hpp"

#include <algorithm>
#include <utility>

namespace simulation {
namespace {

using kind = afresh::store_command::kind;
using status = afresh::store_reply::status;

constexpr const char* name_of(kind k)
{
    switch (k) {
    case kind::load: return "load";
    case kind::take_lease: return "take_lease";
    case kind::renew_lease: return "renew_lease";
    case kind::release_lease: return "release_lease";
    case kind::write_intent: return "write_intent";
    case kind::save_success: return "save_success";
    case kind::save_failure: return "save_failure";
    case kind::replace: return "replace";
    case kind::sign_out: return "sign_out";
    case kind::revive: return "revive";
    }
    return "";
}

// A command on its way.
struct job {
    std::string key;
    afresh::store_command command;
    afresh::store_reply reply;
    life_id by{};
};

void commit(world& w, process& p, job& j)
{
    database& db = w.store;
    database::row& row = db.at(j.key);
    const afresh::store_time now = db.habits.local ? p.clocks.read(w.now()).wall : machine().read(w.now()).wall;
    const bool forgotten = (db.sabotage.forgets_intents && j.command.what == kind::write_intent) ||
                           (db.sabotage.forgets_successes && j.command.what == kind::save_success);
    const bool tricked = forgotten || db.sabotage.forgets_at_death;
    afresh::chain_record whole = tricked ? row.record : afresh::chain_record();
    const record_facts before{row.record.generation, w.server.find_refresh(row.record.refresh_token.reveal())};
    const afresh::grant_state state = row.record.state;
    const afresh::lease held = row.record.holder;
    const life_id holder = row.holder;
    // The kernel's word, and not the clock's: a holder that lives keeps the lease for two minutes longer.
    const bool lives =
        std::any_of(w.processes.begin(), w.processes.end(), [&](const auto& each) { return each->is_life(holder); });
    afresh::lease& l = row.record.holder;
    if (db.habits.local && lives && !l.owner.empty())
        l.until = w.now() < row.lease_ends + std::chrono::seconds(120)
                      ? std::max<afresh::store_time>(l.until, now + std::chrono::seconds(1))
                      : std::min<afresh::store_time>(l.until, now);
    j.reply = afresh::apply(row.record, j.command, now, row.found);
    w.tell("store: ", name_of(j.command.what), " of life ", j.by, ", outcome ", static_cast<int>(j.reply.outcome),
           ", generation ", j.reply.record.generation);
    if (j.reply.record.not_before > now)
        w.tell("store: no exchange for ", std::chrono::nanoseconds(j.reply.record.not_before - now));
    if (forgotten) {
        row.record = std::move(whole);
        return;
    }
    if (j.reply.outcome == status::ok) {
        const bool leases = j.command.what == kind::take_lease || j.command.what == kind::renew_lease ||
                            j.command.what == kind::write_intent;
        if (leases) row.lease_ends = w.now() + j.command.ttl;
        if (j.command.what == kind::write_intent) ++db.intents;
        if (j.command.what == kind::take_lease) {
            row.holder = j.by;
            if (lives && holder != j.by && !held.owner.empty()) w.check.lease_lapsed(before.refresh);
        }
        w.check.store_committed(before, row.record, j.command, j.by);
        if (j.command.what == kind::save_success && db.sabotage.forgets_at_death) row.before_success = std::move(whole);
        row.found = row.found || j.command.what != kind::load;
        if (row.record.generation != before.generation || row.record.state != state) db.changed(w, j.key, j.by);
    }
    if (!p.is_life(j.by)) return;
    if (j.command.what == kind::write_intent) p.reached(crash_point::intent_written);
    if (j.command.what == kind::save_success) p.reached(crash_point::committed);
}

} // namespace

void database::process_died(life_id life)
{
    for (auto& [key, row] : rows_) {
        if (sabotage.forgets_at_death && row.before_success.generation > 0) row.record = row.before_success;
        if (sabotage.forgets_doubt_at_death) row.record.intent = {};
    }
    if (!habits.local) return;
    for (auto& [key, row] : rows_) // the kernel frees a record lock
        if (row.holder == life) {
            row.record.holder.owner.clear();
            row.record.holder.until = {};
        }
}

database::treatment database::draw(virtual_time now)
{
    using namespace std::chrono_literals;
    treatment t;
    t.commits_in = chance_.between(habits.fastest, habits.slowest);
    t.answers_in = chance_.between(habits.fastest, habits.slowest) / 4;
    if (chance_.chance(habits.stalls)) t.commits_in += chance_.spread(500ms, 20s);
    for (const auto& o : habits.outages)
        if (o.from <= now && now < o.to) t.fails = true;
    if (chance_.chance(habits.fails_before)) t.fails = true;
    t.done = !t.fails;
    if (chance_.chance(habits.fails_after)) t.fails = true;
    ++commands_;
    for (const planned_failure& f : later_)
        if (f.number == commands_) t.fails = true, t.done = f.done;
    return t;
}

std::shared_ptr<database::watcher> database::watch(life_id life, afresh::token_store::change_handler tell)
{
    const auto one = std::make_shared<watcher>(watcher{life, std::move(tell)});
    std::erase_if(watchers_, [](const auto& w) { return w.expired(); });
    watchers_.push_back(one);
    return one;
}

void database::changed(world& w, const std::string& key, life_id by)
{
    for (const auto& weak : watchers_) {
        const auto one = weak.lock();
        if (!one || one->life == by || !chance_.chance(habits.tells)) continue;
        w.queue.in(chance_.between(habits.fastest, habits.slowest), one->life, [weak, key] {
            if (const auto still = weak.lock()) still->tell(key);
        });
    }
}

std::shared_ptr<void> world_store::watch(change_handler on_change)
{
    return world_.store.watch(life_, std::move(on_change));
}

asio::awaitable<afresh::store_reply> world_store::execute(std::string key, afresh::store_command command)
{
    database& db = world_.store;
    const database::treatment t = db.draw(world_.now());
    if (t.fails || t.commits_in > std::chrono::milliseconds(400)) world_.check.trouble(process_);
    world_.check.store_asked(process_, command);
    const auto j = std::make_shared<job>();
    j->key = std::move(key);
    j->command = std::move(command);
    j->by = life_;
    if (t.done) {
        // A database goes on with what it was sent, also when the sender has died.
        world_.queue.in(t.commits_in, db.habits.local ? life_ : nobody,
                        [&w = world_, &p = process_, j] { commit(w, p, *j); });
    }
    co_await sleep_until(world_.queue, world_.now() + t.commits_in + t.answers_in, life_);
    afresh::store_reply reply = std::move(j->reply);
    if (t.fails) {
        world_.check.trouble(process_);
        world_.tell("store: ", name_of(j->command.what), " fails for life ", life_, t.done ? ", but was done" : "");
        reply = afresh::store_reply();
        reply.outcome = status::failed;
        reply.error = afresh::errc::store_failed;
        reply.error_text = "no space left on the simulated device";
    }
    world_.check.store_answered(process_, j->command, reply.outcome);
    co_return reply;
}

} // namespace simulation
