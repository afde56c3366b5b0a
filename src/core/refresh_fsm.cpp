#include "core/refresh_fsm.hpp"

#include <algorithm>
#include <utility>

namespace afresh::core {

using std::chrono::milliseconds;
using std::chrono::seconds;

// --- callers ---

effects refresh_fsm::on_get(const view& v)
{
    note_use(v);
    used_at_ = v.now;
    if (!usable(v.now)) return on_want_newer(v);
    effects e{.serve = true};
    if (phase_ == phase::idle && running_ == dialogue::none && token_->due.reached(v.now))
        e.begin = begin(dialogue::exchange).begin;
    return e;
}

effects refresh_fsm::on_want_newer(const view& v)
{
    if (phase_ == phase::closed) return {.fail_all = true, .error = error_};
    const bool no_help = phase_ == phase::latched && running_ == dialogue::save;
    if (running_ != dialogue::none && !no_help) return {}; // joins it
    if (phase_ == phase::latched) {
        if (running_ == dialogue::none && reread_at_.reached(v.now)) return reread(v);
        return {.fail_all = true, .error = error_};
    }
    if (phase_ == phase::idle) {
        if (!token_ || withheld() || token_->floor.reached(v.now)) return begin(dialogue::exchange);
        phase_ = phase::waiting; // asked for a moment ago: no loop is hot, whatever lifetime the server names
        retry_at_ = token_->floor;
        return {};
    }
    // The wait was for as long as the token lasts, and it does not last any longer.
    if (deferred_ && !usable(v.now)) hurry(v);
    if (!exhausted_ && !deferred_) return {};
    if (reread_at_.reached(v.now)) return reread(v);
    return {.fail_impatient = true, .error = error_};
}

effects refresh_fsm::on_rejected(const view& v)
{
    if (is_paced() && running_ == dialogue::none) phase_ = phase::idle; // that somebody waits for more is no reason
    // During an outage nothing better can be had: the token stays in use.
    if (token_ && rejection_ == rejection::none && (phase_ != phase::waiting || running_ != dialogue::none)) {
        rejection_ = rejection::withheld;
        withheld_until_ = after(v.now, policy_.withhold_rejected);
    }
    if (phase_ == phase::waiting && deferred_) hurry(v);
    return on_want_newer(v);
}

bool refresh_fsm::rejection_forces() const noexcept
{
    if (rejection_ != rejection::none || running_ == dialogue::exchange) return false; // it is on its way
    return phase_ == phase::idle || running_ != dialogue::none || deferred_ || is_paced();
}

bool refresh_fsm::is_paced() const noexcept
{
    return phase_ == phase::waiting && !error_ && token_ && retry_at_ == token_->floor;
}

// --- time ---

effects refresh_fsm::on_tick(const view& v)
{
    note_use(v);
    const bool released = phase_ != phase::latched && withheld() && withheld_until_.reached(v.now);
    if (released) rejection_ = rejection::served_again;
    if (running_ != dialogue::none) return {.serve = released && usable(v.now)};
    if (unsaved_ && save_at_.reached(v.now)) return begin(dialogue::save);
    if (phase_ == phase::waiting && retry_at_.reached(v.now)) {
        if (must_hold_back(v.now)) { // it was to be prompt, and is late
            retry_at_ = v.now;
            hold_back(v);
            return {};
        }
        // While the server may still say what became of the refresh token, it is asked for the chain's own sake.
        const bool prompt = in_doubt_ && may_resend_at(v.now);
        const bool ahead = token_ && !is_paced() && renews_ahead(v);
        if (prompt || v.waiters || ahead) return begin(dialogue::exchange);
        if (keep_alive_.reached(v.now)) return begin(dialogue::exchange); // though nobody wants it
        phase_ = phase::idle;                                             // on demand from here
    } else if (phase_ == phase::idle && token_ && token_->due.reached(v.now) && renews_ahead(v)) {
        return begin(dialogue::exchange);
    } else if (phase_ == phase::idle && keep_alive_.reached(v.now)) { // it would die of disuse
        keep_alive_ = moment::never();
        return begin(dialogue::exchange);
    }
    return {};
}

moment refresh_fsm::wake_at(const view& v) const
{
    moment at = withheld() && phase_ != phase::latched ? withheld_until_ : moment::never();
    if (running_ != dialogue::none) return at;
    const auto earlier = [&at](const moment& m) { at = {std::min(at.mono, m.mono), std::min(at.wall, m.wall)}; };
    if (unsaved_) earlier(save_at_);
    if (phase_ == phase::waiting) earlier(retry_at_);
    if (phase_ == phase::idle) earlier(keep_alive_);
    // Past `due` there is nothing left to wake for: nobody uses the token.
    if (phase_ == phase::idle && token_ && policy_.unused != unused_sources::on_demand && !token_->due.reached(v.now))
        earlier(token_->due);
    return at;
}

// --- the end of a dialogue ---

effects refresh_fsm::on_result(const dialogue_result& r, const view& v)
{
    note_use(v);
    if (phase_ == phase::closed) { // what was won is kept and saved, but nothing else begins
        running_ = dialogue::none;
        if (r.end == dialogue_end::tokens) unsaved_ = r.unsaved;
        if (r.end == dialogue_end::saved) unsaved_ = false;
        if (unsaved_) save_at_ = after(v.now, policy_.save_retry);
        return {};
    }
    effects e = ended(r, v);
    if (std::exchange(retry_wanted_, false) && e.begin == dialogue::none) {
        const effects retry = on_retry_grant(v);
        if (retry.begin != dialogue::none) return retry;
    }
    // Meanwhile the token has become due, or callers came whom it does not satisfy.
    if (e.begin == dialogue::none && phase_ == phase::idle && running_ == dialogue::none) {
        const bool due = token_ && token_->due.reached(v.now) && renews_ahead(v);
        const bool missed = v.waiters && !e.serve && !usable(v.now);
        if ((due || missed) && !(unsaved_ && !save_at_.reached(v.now))) e.begin = begin(dialogue::exchange).begin;
    }
    return e;
}

effects refresh_fsm::ended(const dialogue_result& r, const view& v)
{
    const dialogue what = std::exchange(running_, dialogue::none);
    switch (r.end) {
    case dialogue_end::tokens: return renewed(r, v);
    case dialogue_end::saved:
        unsaved_ = false;
        if (phase_ == phase::waiting && error_ == errc::store_failed) { // what was waited for has come
            phase_ = phase::idle;
            exhausted_ = false;
            error_ = {};
        }
        return serve_or_fail(v);
    case dialogue_end::answered: return answered(r, v);
    case dialogue_end::store_failed:
        if (unsaved_) save_at_ = after(v.now, policy_.save_retry);
        if (what == dialogue::save) return serve_or_fail(v);
        return fail(v, pause(v), errc::store_failed);
    case dialogue_end::lease_busy: // not a failure: a peer is at work, and its result will be found in the store
        phase_ = phase::waiting;
        retry_at_ = after(v.now, r.wait);
        exhausted_ = false;
        return {.serve = usable(v.now)};
    case dialogue_end::too_early: exhausted_ = true; return fail(v, r.wait, r.cause);
    case dialogue_end::no_grant: return latch(v, errc::not_renewable);
    case dialogue_end::signed_out: {
        token_.reset();
        unsaved_ = in_doubt_ = false; // of what is no more
        effects e = latch(v, errc::sign_in_required);
        // Somebody wanted it so. Whoever only hears of it asks nobody to sign in again; whoever wants a token does.
        e.sign_in = what == dialogue::exchange;
        return e;
    }
    case dialogue_end::dead: return latch(v, r.in_doubt ? errc::rotation_in_doubt : errc::sign_in_required);
    case dialogue_end::unchanged: {
        effects e = serve_or_fail(v);
        if (phase_ == phase::latched) e.fail_all = true, e.error = error_;
        return e;
    }
    }
    return {};
}

effects refresh_fsm::renewed(const dialogue_result& r, const view& v)
{
    in_doubt_ = deferred_ = false;
    // One that was found a moment ago may be rejected already.
    if (!r.adopted || token_ != r.times) rejection_ = rejection::none;
    unsaved_ = r.unsaved;
    save_at_ = r.unsaved ? after(v.now, policy_.save_retry) : moment::never();
    // The refresh token is good and kept; only what came with it is not. An older token stays in use while it lasts.
    if (r.unusable) return fail(v, pause(v), r.cause);
    exhausted_ = false;
    failures_ = unauthorized_ = invalid_requests_ = trips_ = 0;
    error_ = {};
    phase_ = phase::idle;
    token_ = r.times;
    keep_alive_ = r.keep_alive;
    sends_ = r.sends;
    first_sent_ = r.first_sent;
    if (r.in_doubt) return doubt(r, v); // found in the store, with the intent of somebody who died
    // Even if it expired on the way: these callers have waited for it.
    return {.serve = !r.adopted || usable(v.now)};
}

effects refresh_fsm::answered(const dialogue_result& r, const view& v)
{
    in_doubt_ = r.in_doubt;
    sends_ = r.sends;
    first_sent_ = r.first_sent;
    if (r.answer != verdict::invalid_request) invalid_requests_ = 0;
    if (r.answer != verdict::unauthorized) unauthorized_ = 0;
    const milliseconds wait = pause(v);
    switch (r.answer) {
    case verdict::in_doubt: return doubt(r, v);
    case verdict::refused: return latch(v, in_doubt_ ? errc::rotation_in_doubt : errc::sign_in_required);
    case verdict::throttled: {
        const seconds asked = std::min(r.retry_after.value_or(seconds(0)), policy_.retry_after_cap);
        return fail(v, std::max<milliseconds>(asked, wait), r.cause);
    }
    case verdict::unauthorized:
        if (!usable(v.now) && ++unauthorized_ >= policy_.bare_unauthorized_limit)
            return latch(v, errc::sign_in_required);
        return fail(v, wait, r.cause);
    case verdict::invalid_request: // at some servers the loser of a race, so a few in a row are tried
        if (++invalid_requests_ < 3) return fail(v, wait, errc::temporarily_unavailable);
        [[fallthrough]];
    case verdict::misconfigured: exhausted_ = true; return fail(v, breaker(), errc::misconfigured);
    // Consumed or not, the same request would be refused again: only a human can change it.
    case verdict::doubtful_misconfigured: in_doubt_ = true; return latch(v, errc::misconfigured);
    case verdict::ok:
    case verdict::quarantined:
    case verdict::not_sent:
    case verdict::transient: break;
    }
    return fail(v, wait, r.cause);
}

// Sent, and no verdict. The successor, if there is one, is lost to everybody, so the same refresh token is sent again:
// promptly while the server may still accept it, else not before the access token runs out (FAULTS section 0).
effects refresh_fsm::doubt(const dialogue_result& r, const view& v)
{
    in_doubt_ = true;
    const milliseconds after_cut = std::min(grace() / 2, milliseconds(3'000));
    const milliseconds after_5xx(200 + static_cast<int>(800 * v.jitter));
    const milliseconds wait = std::max(r.takeover, r.after_5xx ? after_5xx : after_cut);
    const bool prompt = may_resend_at(after(v.now, wait));
    return fail(v, prompt ? wait : std::max(wait, pause(v)), r.cause);
}

// Backoff, but while a usable token is held never for more than half of what is left of it: a pause that outlasts the
// token would turn an outage that is over into failed calls. Without one not for more than half of a token's life (ten
// seconds at least): a server that hands out short tokens expects to be asked often.
milliseconds refresh_fsm::pause(const view& v) const noexcept
{
    milliseconds longest = policy_.backoff_cap;
    if (usable(v.now))
        longest = std::min(longest, left(token_->usable_until, v.now) / 2);
    else if (token_ && token_->lifetime)
        longest = std::min(longest, std::max<milliseconds>(*token_->lifetime / 2, seconds(10)));
    return backoff(policy_, failures_, v.jitter, longest);
}

milliseconds refresh_fsm::grace() const noexcept { return policy_.rotation_grace.value_or(milliseconds(10'000)); }

bool refresh_fsm::may_resend_at(const moment& at) const noexcept
{
    const moment end = after(first_sent_, grace()); // by the wall clock too: the monotonic one stands still in suspend
    return grace().count() > 0 && sends_ <= policy_.doubt_resends && at.mono <= end.mono && at.wall <= end.wall;
}

moment refresh_fsm::last_call() const noexcept { return after(token_->usable_until, -policy_.doubt_ahead); }

bool refresh_fsm::must_hold_back(const moment& now) const noexcept
{
    return in_doubt_ && usable(now) && token_->lifetime && !may_resend_at(now) && !last_call().reached(now);
}

// A refusal of what is in doubt would cost the access token held, on some servers: not before it runs out.
void refresh_fsm::hold_back(const view& v) noexcept
{
    if (may_resend_at(retry_at_) || !usable(v.now) || !token_->lifetime) return;
    deferred_ = true;
    not_before_ = retry_at_;
    if (retry_at_.mono < last_call().mono) retry_at_ = last_call();
}

void refresh_fsm::hurry(const view& v) noexcept
{
    deferred_ = false;
    retry_at_ = after(v.now, backoff(policy_, 0, v.jitter, policy_.backoff_cap));
    if (retry_at_.mono < not_before_.mono) retry_at_ = not_before_;
}

effects refresh_fsm::on_retry_grant(const view&)
{
    if (phase_ != phase::latched && phase_ != phase::waiting) return {};
    retry_wanted_ = running_ == dialogue::reread;
    if (running_ != dialogue::none) return {};
    exhausted_ = deferred_ = false;
    failures_ = unauthorized_ = invalid_requests_ = trips_ = 0;
    return begin(dialogue::exchange);
}

effects refresh_fsm::on_changed(const view& v)
{
    if (running_ != dialogue::none || phase_ == phase::closed) return {};
    return reread(v);
}

void refresh_fsm::on_found(const std::optional<token_times>& token, const moment& keep_alive) noexcept
{
    token_ = token;
    keep_alive_ = keep_alive;
    in_doubt_ = false; // that was another refresh token
    sends_ = 0;
    rejection_ = rejection::none;
}

effects refresh_fsm::reread(const view& v)
{
    reread_at_ = after(v.now, policy_.reread_interval);
    return begin(dialogue::reread);
}

void refresh_fsm::on_command() { begin(dialogue::command); }

effects refresh_fsm::on_close()
{
    phase_ = phase::closed;
    error_ = errc::closed;
    return {.fail_all = true, .error = error_};
}

// --- shared steps ---

effects refresh_fsm::begin(dialogue what)
{
    running_ = what;
    if (what == dialogue::exchange && phase_ != phase::closed) phase_ = phase::idle;
    return {.begin = what};
}

effects refresh_fsm::fail(const view& v, milliseconds delay, error_code cause)
{
    ++failures_;
    error_ = cause;
    phase_ = phase::waiting;
    retry_at_ = after(v.now, delay);
    reread_at_ = after(v.now, policy_.reread_interval);
    deferred_ = false;
    rejection_ = rejection::none; // nothing better can be had, and other resources may still take it
    if (in_doubt_) hold_back(v);  // whatever it was that failed now
    if (failures_ >= policy_.attempts_for_waiters) exhausted_ = true;
    return serve_or_fail(v);
}

effects refresh_fsm::latch(const view& v, error_code cause)
{
    ++failures_;
    error_ = cause;
    phase_ = phase::latched;
    reread_at_ = after(v.now, policy_.reread_interval);
    if (rejection_ != rejection::none)
        rejection_ = rejection::withheld; // there will be no other, and this one is no good
    return {.serve = usable(v.now), .fail_all = true, .error = cause, .sign_in = cause != errc::misconfigured};
}

effects refresh_fsm::serve_or_fail(const view& v) const
{
    return {.serve = usable(v.now), .fail_impatient = exhausted_, .error = exhausted_ ? error_ : error_code()};
}

milliseconds refresh_fsm::breaker() noexcept
{
    return std::min<milliseconds>(policy_.breaker_min * (1u << std::min(trips_++, 10u)), policy_.breaker_max);
}

bool refresh_fsm::renews_ahead(const view& v) const noexcept
{
    if (policy_.unused == unused_sources::on_demand) return v.waiters;
    if (policy_.unused == unused_sources::always || v.waiters) return true;
    const seconds window = std::max(policy_.used_within_min, 2 * token_->lifetime.value_or(policy_.unknown_lifetime));
    return !after(used_at_, window).reached(v.now);
}

void refresh_fsm::note_use(const view& v) noexcept
{
    if (v.used) used_at_ = v.now;
}

} // namespace afresh::core
