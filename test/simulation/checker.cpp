#include "simulation/checker.hpp"

#include "simulation/world/world.hpp"

#include <algorithm>
#include <utility>

namespace simulation {

void checker::fail(std::string text)
{
    if (failure_) return;
    world_.tell("VIOLATION ", text);
    failure_ = {std::move(text), world_.now()};
}

// --- what is done to it ---

void checker::life_began(process& p, bool after_another)
{
    if (after_another) trouble(p);
    p.facts.calm = !after_another; // else an intent or a lease of the dead may be in its way
    const auto& record = world_.store.at(p.key).record;
    const token_id left = world_.server.find_refresh(record.refresh_token.reveal());
    if (left != no_token && intent_of(left).open) p.facts.inherited = left;
}

void checker::life_ended(process& p)
{
    for (presentation& s : presentations_)
        if (s.life == p.facts.life && (s.end == ending::open || is_unsaved_answer(s))) s.end = ending::died;
    std::erase_if(waiting_, [&](std::size_t id) { return waits_[id].life == p.facts.life; });
    trouble(p);
}

void checker::clocks_changed(process& p, bool stepped)
{
    clocks_stepped_ = clocks_stepped_ || stepped;
    trouble(p);
    life_facts& f = p.facts;
    f.not_before = f.not_before_floor = f.not_before_due = {};
    f.occasions.push_back(p.clock().mono);
    f.served = false; // how long it lasts is no longer this onlooker's to say
    f.inherited = no_token;
}

// What befalls one of a fleet is felt by all: its lease, its intent and its answer are in their way.
void checker::trouble(process& p)
{
    for (auto& each : world_.processes) {
        if (!each || each->key != p.key) continue; // null: the world ends
        ++each->facts.troubles;
        each->facts.last_trouble = std::max(each->facts.last_trouble, world_.now());
        each->facts.calm = false;
    }
}

void checker::stopped(process& p, std::chrono::nanoseconds how_long)
{
    clocks_changed(p, false);
    p.facts.last_trouble = world_.now() + how_long;
    for (const std::size_t id : waiting_)
        if (waits_[id].life == p.facts.life) waits_[id].deadline += how_long;
}

void checker::somebody_acted(process& p)
{
    life_facts& f = p.facts;
    f.not_before = f.not_before_floor = f.not_before_due = {};
    f.occasions.push_back(p.clock().mono);
    f.latched = no_token;
    f.served = false;
    f.received = f.inherited = no_token;
}

// I9: no secret leaves through what programs log and count.
void checker::told(const afresh::event& e)
{
    for (const std::string* s : {&e.detail, &e.said.error, &e.said.error_description, &e.said.error_uri})
        if (authorization_server::shows_a_token(*s)) fail("I9: an event shows a token: " + *s);
}

void checker::after_step()
{
    for (auto& p : world_.processes) {
        if (p->clocks.asleep(world_.now())) continue;
        if (p->alive() && p->facts.newest != no_token) check_unsaved(*p);
    }
    for (const std::size_t id : waiting_) {
        const wait& w = waits_[id];
        for (auto& p : world_.processes)
            if (p->is_life(w.life) && !p->clocks.asleep(world_.now()) && p->clock().mono > w.deadline)
                return fail("I12: a caller still waits after its time is up");
    }
}

void checker::at_the_end()
{
    for (const std::size_t id : waiting_)
        for (auto& p : world_.processes)
            if (p->is_life(waits_[id].life)) return fail("I11: a caller was never told");
}

} // namespace simulation
