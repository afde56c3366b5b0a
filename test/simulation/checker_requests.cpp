// What the onlooker checks at the network: I1 (one presenter), I2 (intent), I5, I6 (no resend), I8 (rate), and that
// each reuse of a refresh token has a cause that no client can remove.
#include "simulation/world/world.hpp"

#include "core/schedule.hpp"
#include "crypto/digest.hpp"

#include <algorithm>

namespace simulation {

using namespace std::chrono_literals;

std::size_t checker::first_byte(process& p, token_id refresh)
{
    ++requests;
    life_facts& f = p.facts;
    const std::string which = "refresh token " + std::to_string(refresh);
    const auto& row = world_.store.at(p.key);
    if (refresh == no_token) fail("I10: a request without a known refresh token");
    for (const presentation& s : presentations_)
        if (s.refresh == refresh && s.end == ending::open && (s.life == f.life || !is_lapsed(refresh)))
            fail("I1: " + which + " is sent while it is being sent");
    if (refresh != no_token &&
        row.record.intent.rt_hash != afresh::crypto::fingerprint(world_.server.refresh(refresh).text) &&
        !is_lapsed(refresh))
        fail("I2: " + which + " is sent without a durable intent");
    if (row.record.state != afresh::grant_state::live) fail("I8: " + which + " is sent though its record is not live");
    if (world_.store.intents <= f.intents_used) fail("I6: " + which + " is sent twice with one intent");
    f.intents_used = world_.store.intents;
    if (refresh != no_token && static_cast<std::size_t>(refresh) < succeeded_.size()) {
        const succession& s = succeeded_[static_cast<std::size_t>(refresh)];
        if (s.successor != no_token && s.saved && !is_lapsed(refresh))
            fail("I5: " + which + " is sent after its successor was saved");
        if (s.successor != no_token && s.received_by == f.life)
            fail("I5: " + which + " is sent by whom its successor was given");
    }
    const afresh::instant now = p.clock();
    if (f.latched == refresh && refresh != no_token && !is_lapsed(refresh))
        fail("I8: a refused grant is sent again though nobody said so");
    check_rate(p, refresh, now.mono);
    check_doubt(p, refresh);
    presentations_.push_back({refresh, f.life, now, ending::open, successes, world_.now()});
    return presentations_.size() - 1;
}

void checker::lease_lapsed(token_id refresh)
{
    if (refresh == no_token) return;
    if (lapsed_.size() <= static_cast<std::size_t>(refresh)) lapsed_.resize(static_cast<std::size_t>(refresh) + 1);
    lapsed_[static_cast<std::size_t>(refresh)] = true;
}

bool checker::is_lapsed(token_id refresh)
{
    const auto i = static_cast<std::size_t>(refresh);
    const bool is = i < lapsed_.size() && lapsed_[i];
    if (is) ++overlaps;
    return is;
}

// DESIGN "In doubt". A dead holder's request may still be on its way: nothing is sent right after the first contact
// with the store. And while a good token is held, a refresh token in doubt is sent again promptly or not at all.
void checker::check_doubt(process& p, token_id refresh)
{
    const life_facts& f = p.facts;
    const afresh::instant now = p.clock();
    if (refresh == f.inherited && f.first_contact && now.mono < *f.first_contact + world_.policy.takeover_wait)
        fail("I1: a dead holder's refresh token is sent at once");
    if (!holds_served_token(p) || !world_.server.access(f.received).told) return;
    std::size_t sends = 0;
    bool doubt = false;
    virtual_time first{};
    virtual_time answered = virtual_time::min(); // and not rotated, by a server that had these requests, too
    for (const presentation& s : presentations_)
        if (s.refresh == refresh && s.end == ending::answered) answered = std::max(answered, s.ended);
    for (const presentation& s : presentations_) {
        if (s.refresh != refresh || s.at <= answered) continue;
        if (s.end == ending::doubt || s.end == ending::died) doubt = true;
        if (s.end == ending::not_consumed && !doubt) // not even looked at
            sends = 0, doubt = false;
        else if (sends++ == 0)
            first = s.at;
    }
    if (!doubt) return;
    const auto told = *world_.server.access(f.received).told;
    const auto times = afresh::core::schedule({f.received_sent.mono, f.received_sent.wall}, told, world_.policy, 0);
    const auto grace = world_.policy.rotation_grace.value_or(10s);
    const bool prompt = sends <= world_.policy.doubt_resends && world_.now() <= first + grace;
    if (!prompt && !afresh::core::after(times.usable_until, -world_.policy.doubt_ahead).reached({now.mono, now.wall}))
        fail("I7: a refresh token in doubt is risked though a good access token is held");
}

// I8. A pause after each failure, a floor after each success, no request for a token that is not due, and in any minute
// no more requests than full jitter can draw. While a token is usable its last half, quarter, eighth... get an attempt
// each, ten or so; after that each pause is uniform in [0, 10 s) or longer, and that forty of them fit into a minute
// has a probability below 1e-13.
void checker::check_rate(process& p, token_id refresh, std::chrono::steady_clock::time_point mono)
{
    life_facts& f = p.facts;
    if (mono < f.not_before && refresh == f.failed) fail("I8: no pause after a failure");
    // A step of the wall clock while the answer was under way makes a token old.
    const auto apart = p.clock().wall.time_since_epoch() - p.clock().mono.time_since_epoch();
    const bool stepped = apart != f.received_sent.wall.time_since_epoch() - f.received_sent.mono.time_since_epoch();
    if (mono < f.not_before_floor && !stepped) fail("I8: no pause after a success");
    if (mono < f.not_before_due && !stepped && f.calm) fail("I8: a token that is not due is renewed");
    f.requests.push_back(mono);
    const auto drop_old = [mono](auto& times) {
        while (!times.empty() && times.front() + 60s < mono) times.pop_front();
    };
    drop_old(f.requests);
    drop_old(f.occasions);
    if (f.requests.size() > 50 * (1 + f.occasions.size())) fail("I8: too many requests within a minute");
}

void checker::connection_ended(process& p, std::size_t id, ending how, const server_answer* answer,
                               std::chrono::milliseconds retry_after)
{
    presentation& s = presentations_[id];
    s.end = how;
    s.ended = world_.now();
    life_facts& f = p.facts;
    const auto now = p.clock();
    if (how != ending::answered) {
        // What a peer has got meanwhile is everybody's, and needs no pause.
        f.failed = s.successes == successes ? s.refresh : no_token;
        f.not_before =
            now.mono + std::max<std::chrono::milliseconds>(world_.policy.backoff_base / 10,
                                                           std::min<std::chrono::milliseconds>(retry_after, 1h));
        if (how == ending::refused) {
            refusal_ = doubt_about(s.refresh, id);
            refused_ = f.life;
            if (*refusal_ == doubted::yes) ++lost_families;
            f.latched = s.refresh;
        }
        return;
    }
    refusal_.reset();
    f.occasions.push_back(now.mono);
    f.usable_answer = answer->access != no_token && !world_.server.access(answer->access).unusable;
    if (f.usable_answer) {
        f.received = answer->access;
        f.received_sent = s.sent;
        f.served = false;
        f.not_before_floor = s.sent.mono + 1s;
        const auto told = world_.server.access(answer->access).told;
        if (told)
            f.not_before_floor =
                s.sent.mono + std::max<std::chrono::milliseconds>(1s, std::chrono::milliseconds(*told) / 4);
        f.not_before_due = afresh::core::schedule({s.sent.mono, s.sent.wall}, told, world_.policy, 1.0).due.mono;
    } else {
        f.not_before = now.mono + world_.policy.backoff_base / 10;
        f.failed = answer->refresh != no_token ? answer->refresh : s.refresh;
    }
    if (answer->refresh == no_token || answer->refresh == s.refresh) return;
    f.newest = answer->refresh;
    f.saves_under_way = 0;
    if (succeeded_.size() <= static_cast<std::size_t>(s.refresh))
        succeeded_.resize(static_cast<std::size_t>(s.refresh) + 1);
    succeeded_[static_cast<std::size_t>(s.refresh)] = {f.life, answer->refresh, false};
}

// It was read, and whoever read it did not live to save it: nobody knows the successor.
bool checker::is_unsaved_answer(const presentation& s) const
{
    if (s.end != ending::answered || static_cast<std::size_t>(s.refresh) >= succeeded_.size()) return false;
    const succession& next = succeeded_[static_cast<std::size_t>(s.refresh)];
    return next.received_by == s.life && next.successor != no_token && !next.saved;
}

void checker::server_minded_reuse(token_id refresh)
{
    // A server with a grace that lets one successor live kills the one that a late request did not bring.
    if (world_.server.refresh(refresh).dead) refresh = world_.server.refresh(refresh).parent;
    // Sent once, and the server has seen it before? Sent by whom had been answered? Neither can be.
    std::size_t sent = 0, without_verdict = 0;
    for (const presentation& s : presentations_)
        if (s.refresh == refresh) {
            ++sent;
            if (s.end == ending::doubt || s.end == ending::died) ++without_verdict;
        }
    if ((sent < 2 || without_verdict == 0) && !is_lapsed(refresh))
        fail("I5: a refresh token was used twice, and no answer was lost");
}

// Whether refusing `refresh` now must be told as rotation_in_doubt: an earlier attempt ended without a verdict. It may
// be told so when the record has an intent without a verdict, for whatever reason: nobody can know then.
checker::doubted checker::doubt_about(token_id refresh, std::size_t until) const
{
    for (std::size_t i = until; i-- > 0;) {
        const presentation& s = presentations_[i];
        if (s.refresh != refresh) continue;
        if (s.end == ending::doubt || s.end == ending::died) return doubted::yes;
        if (s.end == ending::answered) break; // not rotated, and good: no doubt about what came before
    }
    return intent_of(refresh).unresolved ? doubted::maybe : doubted::no;
}

checker::intent_facts checker::intent_of(token_id refresh) const
{
    const auto i = static_cast<std::size_t>(refresh);
    return i < intents_.size() ? intents_[i] : intent_facts();
}

} // namespace simulation
