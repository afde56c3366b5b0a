// What the onlooker checks beside the callers: I3 (saved before published), I7 (a usable token stays in use), I11 and
// I12 (every caller is told once, in time).
#include "simulation/world/world.hpp"

#include "core/schedule.hpp"

#include <algorithm>

namespace simulation {

using namespace std::chrono_literals;

bool checker::holds_served_token(process& p) const
{
    const life_facts& f = p.facts;
    if (!f.served || f.closing || f.received == no_token) return false;
    const auto told = world_.server.access(f.received).told;
    const auto times = afresh::core::schedule({f.received_sent.mono, f.received_sent.wall}, told, world_.policy, 0);
    const afresh::instant now = p.clock();
    return !times.usable_until.reached({now.mono, now.wall});
}

std::size_t checker::wait_started(process& p, wait::kind what, std::chrono::milliseconds max_wait)
{
    ++waits;
    world_.tell("caller ", waits - 1,
                what == wait::kind::newer   ? " wants a newer token"
                : what == wait::kind::picky ? " wants a lasting token"
                                            : " wants a token",
                ", waits for ", max_wait);
    if (what == wait::kind::picky) p.facts.not_before_due = {};
    wait w;
    w.life = p.facts.life;
    w.what = what;
    w.max_wait = max_wait;
    w.started = p.clock().mono;
    w.deadline = w.started + max_wait + p.clocks.stopped_for(world_.now());
    w.at_once = what == wait::kind::plain && holds_served_token(p) && !p.clocks.asleep(world_.now());
    w.calm = p.facts.calm;
    w.troubles = p.facts.troubles;
    waits_.push_back(w);
    waiting_.push_back(waits_.size() - 1);
    return waits_.size() - 1;
}

void checker::cancelled(process& p, std::size_t id)
{
    wait& w = waits_[id];
    w.deadline = std::min(w.deadline, p.clock().mono);
    w.cancelled = true;
}

void checker::wait_ended(process& p, std::size_t id, afresh::error_code ec, std::string_view token)
{
    using afresh::errc;
    wait& w = waits_[id];
    if (std::exchange(w.done, true)) return fail("I11: a caller was told twice");
    std::erase(waiting_, id);
    if (ec)
        world_.tell("caller ", id, " is told: ", ec.message());
    else
        world_.tell("caller ", id, " has access token ", world_.server.find_access(token));
    if (ec) ++failed_waits;
    if (ec && !token.empty()) fail("I11: an error and a token");
    if (!ec && token.empty()) fail("I11: neither an error nor a token");
    if (p.clock().mono > w.deadline) fail("I12: a caller was told after its time was up");
    if (ec == boost::asio::error::operation_aborted && !w.cancelled)
        fail("I11: a caller was told that it cancelled, and had not");
    if (w.at_once && !w.cancelled && (ec || p.clock().mono != w.started))
        fail("I7: a usable token was held and not handed out: " + ec.message());
    if (!ec) return check_handed_out(p, w, token);
    if (ec == errc::closed && p.facts.closing) return;
    if (ec == errc::sign_in_required || ec == errc::rotation_in_doubt) check_refusal(p, w, ec);
    const bool calm = w.calm && p.facts.troubles == w.troubles && !w.cancelled && !p.facts.closing;
    const bool bucket_empty = w.what == wait::kind::newer && ec == errc::temporarily_unavailable;
    // Those who share a token of a few seconds may have to fight for it.
    const bool crowded = world_.processes.size() > 1 && world_.server.habits.lifetime <= 5s;
    // A peer had been told so already.
    const afresh::chain_record& record = world_.store.at(p.key).record;
    const token_id held = world_.server.find_refresh(record.refresh_token.reveal());
    const bool gone = record.state == afresh::grant_state::signed_out ||
                      (held != no_token && !world_.server.family_lives(world_.server.refresh(held).family));
    // Or had been told to wait, for all of them.
    const bool paused =
        ec == errc::temporarily_unavailable && std::any_of(world_.processes.begin(), world_.processes.end(),
                                                           [](const auto& peer) { return !peer->facts.calm; });
    // Somebody has signed in a moment ago.
    const bool late_news = world_.now() < last_news_ + 2 * world_.policy.reread_interval;
    const bool told_why =
        paused || ((gone || late_news) && (ec == errc::sign_in_required || ec == errc::rotation_in_doubt));
    if (calm && w.max_wait >= 20s && !bucket_empty && !crowded && !told_why)
        fail("I12: nothing was wrong, and a caller got no token: " + ec.message());
}

void checker::check_handed_out(process& p, const wait& w, std::string_view token)
{
    const token_id id = world_.server.find_access(token);
    if (id == no_token) return fail("I10: a caller was given something that is no access token");
    const bool saved = static_cast<std::size_t>(id) < committed_access_.size() &&
                       committed_access_[static_cast<std::size_t>(id)] != nobody;
    const auto s = p.status();
    if (!saved && !(s && s->unsaved))
        fail("I3: access token " + std::to_string(id) + " was handed out before it was saved");
    const access_entry& issued = world_.server.access(id);
    if (issued.unusable) fail("I10: a token of an unknown type was handed out");
    if (p.facts.ended == issued.family && p.facts.ended_in + 1 < world_.steps)
        fail("a token was handed out after this process had signed out");
    if (handed_out_.size() <= static_cast<std::size_t>(id)) handed_out_.resize(static_cast<std::size_t>(id) + 1);
    // The callers of a flight get what it brings even if it expired on the way; nobody gets it after them.
    const std::size_t first = std::exchange(handed_out_[static_cast<std::size_t>(id)], world_.steps + 1);
    const bool late = issued.told && world_.now() >= issued.expires_at;
    const bool was_stopped =
        p.facts.troubles > 0 && world_.now() < p.facts.last_trouble + 1s; // on its way to the caller
    life_facts& f = p.facts;
    const bool of_this_flight = id == f.received && !f.served; // though a peer has handed it out
    if (late && !was_stopped && !of_this_flight && first != 0 && first != world_.steps + 1 &&
        w.what == wait::kind::plain && !clocks_stepped_)
        fail("a token was handed out that had expired");
    if (id == f.received && !(w.what == wait::kind::newer)) f.served = true;
    if (id != f.received && f.received != no_token) f.served = false, f.received = no_token; // a peer's took its place
}

bool checker::is_rejected(token_id access) const
{
    return static_cast<std::size_t>(access) < rejected_.size() && rejected_[static_cast<std::size_t>(access)];
}

void checker::rejected(process& p, token_id access)
{
    life_facts& f = p.facts;
    if (rejected_.size() <= static_cast<std::size_t>(access)) rejected_.resize(static_cast<std::size_t>(access) + 1);
    rejected_[static_cast<std::size_t>(access)] = true;
    f.not_before_floor = f.not_before_due = {};
    f.occasions.push_back(p.clock().mono);
    if (access == f.received) f.served = false, f.received = no_token;
}

void checker::check_refusal(process& p, const wait& w, afresh::error_code ec)
{
    // I7, also after a restart: what is in the store is served while it lasts, whatever became of the grant.
    const auto& record = world_.store.at(p.key).record;
    const bool store_failed = world_.processes.size() > 1 && p.facts.troubles > 0 &&
                              world_.now() < p.facts.last_trouble + 2 * world_.policy.reread_interval;
    if (w.what == wait::kind::plain && !w.cancelled && !store_failed && !clocks_stepped_ && !p.facts.closing)
        for (const auto& t : record.tokens) {
            const token_id id = world_.server.find_access(t.access_token.reveal());
            if (id == no_token || is_rejected(id) || !world_.server.access(id).told) continue;
            // What this life has saved a moment ago it may not have been told of.
            if (committed_access_[static_cast<std::size_t>(id)] == p.facts.life) continue;
            // What a peer has saved is found by the next caller but one, or two.
            if (world_.now() < committed_at_[static_cast<std::size_t>(id)] + 2 * world_.policy.reread_interval)
                continue;
            const auto told = *world_.server.access(id).told;
            const auto leeway = std::min<std::chrono::milliseconds>(10s, std::chrono::milliseconds(told) / 10);
            // By the server the lifetime begins later than by the client, who counts from when it asked.
            if (world_.now() + leeway + 150s < world_.server.access(id).expires_at)
                return fail("I7: a caller is sent to sign in though the store holds a usable token");
        }
    // A bare 401 is no verdict on the grant; and what a peer was told after this process had given up says nothing here.
    // Where nothing rotates a late success says that all was well, whatever was sent before it.
    if (world_.processes.size() > 1 && world_.server.habits.rule == reuse_rule::no_rotation) return;
    if (!refusal_ || (refused_ != p.facts.life && world_.processes.size() > 1)) return;
    if (ec == afresh::errc::sign_in_required && *refusal_ == doubted::yes)
        fail("a refusal after a lost answer was not told as rotation_in_doubt");
    if (ec == afresh::errc::rotation_in_doubt && *refusal_ == doubted::no && lapsed_.empty())
        fail("rotation_in_doubt was told though no answer was lost");
}

} // namespace simulation
