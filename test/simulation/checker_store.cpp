// What the onlooker checks at the store: I4 (writes) and I5 (no refresh token is dropped).
#include "simulation/world/world.hpp"

namespace simulation {
namespace {

using kind = afresh::store_command::kind;
using status = afresh::store_reply::status;

} // namespace

// The grant that the program was configured with is not lost when it is not saved.
token_id checker::newest_of(const process& p, std::string_view text) const
{
    const token_id id = world_.server.find_refresh(text);
    return id == p.original_grant ? no_token : id;
}

void checker::store_asked(process& p, const afresh::store_command& c)
{
    life_facts& f = p.facts;
    if (c.what == kind::replace && !c.new_refresh_token.empty()) // a new sign-in counts as received
        f.newest = newest_of(p, c.new_refresh_token.reveal());
    if (f.newest != no_token && world_.server.refresh(f.newest).text == c.new_refresh_token.reveal())
        ++f.saves_under_way;
}

void checker::store_answered(process& p, const afresh::store_command& c, afresh::store_reply::status outcome)
{
    life_facts& f = p.facts;
    if (outcome != status::failed && !f.first_contact) f.first_contact = p.clock().mono;
    if (c.what == kind::sign_out && outcome == status::ok) f.ended = f.ending, f.ended_in = world_.steps;
    // A peer was faster, or somebody signed out.
    const bool overtaken = outcome == status::superseded || outcome == status::signed_out;
    if (overtaken && (c.what == kind::save_success || c.what == kind::replace))
        f.newest = no_token, f.saves_under_way = 0, f.not_before_floor = {},
        f.served = false; // what the peer saved takes the place of what could not be saved, usable or not
    // Not before it is acknowledged: who is told that it failed goes on as if it had.
    if (c.what == kind::save_success && outcome == status::ok && f.newest == no_token && f.usable_answer) f.calm = true;
    if (f.newest != no_token && world_.server.refresh(f.newest).text == c.new_refresh_token.reveal())
        --f.saves_under_way;
}

void checker::store_committed(const record_facts& before, const afresh::chain_record& after,
                              const afresh::store_command& c, life_id by)
{
    const token_id saved = world_.server.find_refresh(after.refresh_token.reveal());
    if (after.generation < before.generation) fail("I4: the generation went back");
    if (after.generation == before.generation && before.generation > 0 && saved != before.refresh)
        fail("I4: the refresh token changed within a generation");
    for (const auto& t : after.tokens) {
        const token_id id = world_.server.find_access(t.access_token.reveal());
        if (id == no_token) continue;
        if (committed_access_.size() <= static_cast<std::size_t>(id))
            committed_access_.resize(static_cast<std::size_t>(id) + 1);
        life_id& first = committed_access_[static_cast<std::size_t>(id)];
        committed_at_.resize(committed_access_.size());
        if (first == nobody) committed_at_[static_cast<std::size_t>(id)] = world_.now();
        if (first == nobody) first = by;
    }
    if (c.what == kind::save_success) {
        ++successes;
        refusal_.reset();
        for (auto& p : world_.processes)
            if (!p->is_life(by)) p->facts.not_before = {}; // what a peer got is everybody's
    }
    if (c.what == kind::replace) refusal_.reset();
    if (c.what == kind::replace || c.what == kind::save_success)
        for (auto& p : world_.processes) p->facts.inherited = no_token, p->facts.latched = no_token; // another grant
    if (after.generation != before.generation) last_news_ = world_.now();
    if (c.what == kind::sign_out) {
        refusal_.reset();
        for (auto& p : world_.processes) {
            somebody_acted(*p);
            if (p->is_life(by)) p->facts.newest = no_token, p->facts.saves_under_way = 0;
            if (before.refresh != no_token) p->facts.ending = world_.server.refresh(before.refresh).family;
        }
    }
    if (c.what == kind::replace) // what somebody brought a while ago, perhaps during an exchange, takes effect only now
        for (auto& p : world_.processes) somebody_acted(*p);
    note_intent(before.refresh, c);
    if (c.what == kind::save_failure) note_verdict(before.refresh, c);
    for (succession& s : succeeded_)
        if (s.successor == saved && saved != no_token) s.saved = true;
    for (auto& p : world_.processes) {
        if (!p->is_life(by)) continue;
        if (p->facts.newest == saved) p->facts.newest = no_token, p->facts.saves_under_way = 0;
    }
}

void checker::note_intent(token_id id, const afresh::store_command& c)
{
    const bool ends = c.what == kind::save_failure || c.what == kind::save_success || c.what == kind::replace;
    if (c.what != kind::write_intent && !ends) return;
    if (id == no_token) return;
    if (intents_.size() <= static_cast<std::size_t>(id)) intents_.resize(static_cast<std::size_t>(id) + 1);
    intent_facts& facts = intents_[static_cast<std::size_t>(id)];
    if (c.what == kind::write_intent && facts.open) facts.unresolved = true;
    facts.open = c.what == kind::write_intent;
    if (c.what == kind::save_success || c.what == kind::replace)
        facts.unresolved = false; // it is good, or was replaced
}

// The last words of a dead life may reach a database after its successor was born. If they say how its request ended,
// nothing is left in doubt: only before the successor has the lease are they heard at all.
void checker::note_verdict(token_id id, const afresh::store_command& c)
{
    if (c.failure == afresh::exchange_failure::in_doubt || doubt_about(id, presentations_.size()) != doubted::no)
        return;
    for (auto& p : world_.processes)
        if (p->facts.inherited == id) p->facts.inherited = no_token;
}

// I5: in the store, on its way there, or flagged as being in memory only.
void checker::check_unsaved(process& p)
{
    const life_facts& f = p.facts;
    if (f.saves_under_way > 0) return;
    const auto s = p.status();
    if (!s)
        return fail("I5: refresh token " + std::to_string(f.newest) + " was received, not saved, and nobody holds it");
    if (!s->unsaved)
        fail("I5: refresh token " + std::to_string(f.newest) + " was received, is not saved, and not flagged");
}

} // namespace simulation
