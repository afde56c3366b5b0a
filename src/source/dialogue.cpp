// The dialogue with the store and the authorization server (DESIGN "Durable rotation"): lease, reread, intent,
// exchange, save. Linear coroutines on the chain's strand; what the outcome means is decided by the pure functions of
// src/core.
//
// No awaited call here takes a temporary with members, and none has a caller's cancellation slot.

#include "source/chain.hpp"

#include "crypto/digest.hpp"
#include "source/insist.hpp"

#include <algorithm>
#include <utility>

namespace afresh::detail {

using core::dialogue_end;
using core::dialogue_result;
using core::verdict;
using kind = store_command::kind;
using status = store_reply::status;

namespace {

dialogue_result ending(dialogue_end end)
{
    dialogue_result r;
    r.end = end;
    return r;
}

dialogue_end ending_of(const chain_record& record) noexcept
{
    switch (record.state) {
    case grant_state::live: break;
    case grant_state::dead: return dialogue_end::dead;
    case grant_state::signed_out: return dialogue_end::signed_out;
    }
    return dialogue_end::tokens;
}

} // namespace

asio::awaitable<void> chain::run(std::shared_ptr<chain> self, core::dialogue what)
{
    dialogue_result r = ending(dialogue_end::store_failed);
    try {
        if (what == core::dialogue::save) {
            const store_reply::status saved = co_await self->save_pending();
            if (saved == status::signed_out)
                r = ending(dialogue_end::signed_out);
            else if (saved != status::failed)
                r = ending(dialogue_end::saved);
        } else if (what == core::dialogue::reread) {
            r = co_await self->reread();
        } else {
            r = co_await self->exchange();
        }
    } catch (...) { // out of memory; what was written down so far tells the next attempt how far this one came
        self->failure_detail_ = text_of(std::current_exception());
    }
    self->posting_ = false;
    self->lease_until_.reset();
    self->finish(r);
}

// Steps 1 to 5. Ends with the lease released, or left to expire when the store does not answer.
asio::awaitable<dialogue_result> chain::exchange()
{
    if (co_await save_pending() == status::failed) co_return ending(dialogue_end::store_failed);
    const store_reply reply = co_await take_lease();
    if (reply.outcome == status::busy) {
        dialogue_result r = ending(dialogue_end::lease_busy);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(reply.record.holder.until - reply.now);
        r.wait = std::clamp(left, std::chrono::milliseconds(20), std::chrono::milliseconds(250));
        co_return r;
    }
    if (reply.outcome != status::ok) co_return ending(dialogue_end::store_failed);

    const bool first = !std::exchange(loaded_, true);
    const std::uint64_t before = generation_;
    const bool news = adopt(reply);
    if (first && !co_await seed(reply.record)) {
        loaded_ = false;
        co_await release_lease();
        co_return ending(dialogue_end::store_failed);
    }
    const chain_record& record = reply.record;
    if (!first && record.generation < generation_ && !refresh_token_.empty()) {
        remember(record);
        dialogue_result r = ending(dialogue_end::lease_busy); // and reread
        r.wait = std::chrono::milliseconds(20);
        if (co_await save_pending() == status::failed) r.end = dialogue_end::store_failed;
        co_return r;
    }
    // Unless the program came with a newer sign-in: then `seed` has replaced it.
    const bool holds = generation_ == record.generation;
    const bool ended = record.state == grant_state::signed_out || (record.state == grant_state::dead && !revive_);
    if (holds && ended) {
        if (record.state == grant_state::dead)
            co_await leave_dead(reply, first && name == options.key); // an audience is not the program's start
        else
            co_await release_lease();
        dialogue_result r = ending(ending_of(record));
        r.in_doubt = record.intent.in_doubt;
        co_return r;
    }
    // An attempt without a verdict that the state machine does not know of: this process's before it was restarted, or
    // another's.
    const bool known = fsm_.in_doubt() && !news && record.intent.attempts <= fsm_.sends();
    const bool unresolved =
        !record.intent.rt_hash.empty() && record.intent.rt_hash == rt_hash_ && !known && !revive_; // a human insists
    if (news && held_ && held_->generation > before) {
        report({.what = event::kind::adopted, .generation = generation_});
        const bool lasts = !held_times_.usable_until.reached(service->now());
        if (lasts && !unresolved) {
            co_await release_lease();
            dialogue_result r = held_tokens(false);
            r.adopted = true;
            co_return r;
        }
    }
    // More left than there ever was: the clock was set back since, and nobody knows how long ago the pause began. The
    // server is asked; if it still means it, it says so again.
    auto pause = std::chrono::ceil<std::chrono::milliseconds>(record.not_before - reply.now);
    if (pause > record.retry_in) pause = std::chrono::milliseconds(0);
    if (unresolved) {
        // Somebody died between the intent and the save: a POST may still be on its way (FAULTS A2, A8). The state
        // machine decides when the refresh token is sent again; the token held is served meanwhile.
        const core::moment first_sent = first_sent_at(reply);
        co_await release_lease();
        dialogue_result r = held_ ? held_tokens(false) : ending(dialogue_end::answered);
        r.answer = verdict::in_doubt;
        r.in_doubt = true;
        r.cause = errc::temporarily_unavailable;
        r.takeover = std::max(service->policy.takeover_wait, pause);
        r.sends = record.intent.attempts;
        r.first_sent = first_sent;
        co_return r;
    }
    // Another process was told to wait, or the one before this. Our own pause is over, whatever clocks were set.
    if (holds && pause.count() > 0 && record.not_before != noted_pause_ && !revive_) {
        co_await release_lease();
        failure_detail_ = record.last_cause;
        noted_pause_ = record.not_before; // waited out by our own clock from here on, once
        dialogue_result r = ending(dialogue_end::too_early);
        r.wait = pause;
        r.cause = errc::temporarily_unavailable;
        co_return r;
    }
    co_return co_await send_grant();
}

// By our clocks. In the future by the store's: it was set back since then, and that may be long ago (FAULTS A13).
core::moment chain::first_sent_at(const store_reply& reply) const
{
    const auto ago = reply.now - reply.record.intent.first_sent_at;
    return core::after(service->now(), ago < -std::chrono::seconds(1) ? std::chrono::hours(-24 * 365) : -ago);
}

// Somebody else changed the record: what he got is ours too, without a request. Whatever else there is to know will be
// seen when the token is due.
asio::awaitable<dialogue_result> chain::reread()
{
    if (!loaded_) co_return ending(dialogue_end::unchanged); // the first contact is another matter
    store_command load;
    const store_reply reply = co_await execute(std::move(load));
    const snapshot_ptr had = held_;
    const bool newer = reply.outcome == status::ok && !pending_save_ && adopt(reply);
    if (!newer) {
        const bool dead = reply.outcome == status::ok && reply.record.state == grant_state::dead;
        if (dead && fsm_.current() == core::phase::latched && may_claim_sign_in(reply, false))
            co_return co_await claim_sign_in();
        co_return ending(dialogue_end::unchanged);
    }
    const bool as_before = had && held_ == had && reply.record.state == grant_state::live;
    if (as_before) co_return ending(dialogue_end::unchanged);
    co_return adopted_tokens(reply.record);
}

// Of a newer generation than ours.
dialogue_result chain::adopted_tokens(const chain_record& record)
{
    const bool ended = record.state == grant_state::signed_out;
    report({.what = ended ? event::kind::signed_out : event::kind::adopted, .generation = generation_});
    dialogue_result r = held_tokens(false);
    r.adopted = true;
    r.end = ending_of(record);
    r.in_doubt = record.state == grant_state::dead && record.intent.in_doubt;
    return r;
}

// Steps 2 to 4, under the lease.
asio::awaitable<dialogue_result> chain::send_grant()
{
    const bool spends = grant.spends();
    if (spends && refresh_token_.empty()) {
        co_await release_lease();
        co_return ending(dialogue_end::no_grant);
    }
    store_reply noted;
    const bool insisted = revive_; // by a human, who may risk what the state machine would not
    if (revive_) {
        store_command revive = about_me(kind::revive);
        noted = co_await execute(std::move(revive));
        if (noted.outcome != status::ok) {
            co_await release_lease();
            co_return ending(dialogue_end::store_failed);
        }
        revive_ = false;
    }
    if (spends) { // what is not spent by use is never in doubt
        store_command intent = about_me(kind::write_intent);
        const core::moment asked = service->now();
        noted = co_await execute(std::move(intent));
        if (noted.outcome == status::ok) extend_lease(asked);
        if (noted.outcome == status::failed) {
            co_await release_lease();
            co_return ending(dialogue_end::store_failed);
        }
        if (noted.outcome != status::ok) co_return ending(dialogue_end::lease_busy); // overtaken: reread
    }
    core::moment sent = service->now();
    const core::moment first_sent = first_sent_at(noted);
    posting_ = sent_ = true; // from here on the lease is renewed
    rearm();
    answer got = co_await ask(noted.record.intent.in_doubt && !insisted, sent);
    core::token_response& response = got.response;
    failure_said_ = response.said;
    if (response.outcome == verdict::quarantined && response.token_type != (prover_ ? "DPoP" : "Bearer"))
        failure_detail_ = "token_type: is " + response.token_type + ", and " + (prover_ ? "DPoP" : "Bearer") +
                          " was asked for; the token is not used";
    check_session(response);
    if (response.outcome == verdict::ok || response.outcome == verdict::quarantined)
        co_return co_await save_answer(response, sent);

    co_return co_await note_failure(got, noted.record.intent, first_sent);
}

// Step 4: durable before any caller sees the access token.
asio::awaitable<dialogue_result> chain::save_answer(core::token_response& response, core::moment sent)
{
    const bool rotated = !response.refresh_token.empty() && !(response.refresh_token == refresh_token_);
    const bool unusable = response.outcome == verdict::quarantined;
    insist([&] { take_answer(response, sent); }); // from here on this process cannot lose the new refresh token
    if (rotated) report({.what = event::kind::rotated, .generation = generation_});
    const store_reply::status saved = co_await save_pending();
    if (saved == status::signed_out) co_return ending(dialogue_end::signed_out);
    const bool unsaved = saved == status::failed;
    if (unsaved) hold_prepared(); // served from memory, and flagged
    dialogue_result r = held_tokens(unsaved);
    r.adopted = !unsaved && !(held_ && held_->value == response.access_token); // a peer was faster
    r.unusable = unusable;
    r.cause = unusable ? response.cause : error_code();
    co_return r;
}

// What changes in this chain with an answer: all of it, or nothing when memory runs out.
void chain::take_answer(const core::token_response& response, core::moment sent)
{
    store_command save = about_me(kind::save_success);
    secret_string refresh_token = response.refresh_token.empty() ? refresh_token_ : response.refresh_token;
    std::string hash = crypto::fingerprint(refresh_token.reveal());
    secret_string id_token = response.id_token.empty() ? id_token_ : response.id_token; // one that is not named stays
    save.new_refresh_token = refresh_token;
    save.new_rt_hash = hash;
    stored_token token = describe(sent, response.expires_in);
    token.id_token = id_token;
    token.token_type = response.token_type;
    token.granted_scope = response.scope;
    token.access_token = response.access_token;
    keep_alive_ = core::moment::never();
    const auto dies_in =
        response.refresh_expires_in ? response.refresh_expires_in : service->policy.refresh_token_lifetime;
    if (dies_in && !refresh_token.empty()) {
        keep_alive(sent, *dies_in);
        save.refresh_expires_at = token.obtained_at + *dies_in;
    }
    if (response.outcome != verdict::quarantined) {
        prepare(token, sent);
        save.token = std::move(token);
    }
    refresh_token_ = std::move(refresh_token);
    rt_hash_ = std::move(hash);
    id_token_ = std::move(id_token);
    ++generation_;
    pending_save_ = std::move(save);
}

// The record learns how the attempt ended, so that a successor of this process knows it too. The pause that is written
// down is the one that the state machine is about to decide on.
asio::awaitable<dialogue_result> chain::note_failure(const answer& got, const send_intent& intent,
                                                     const core::moment& first_sent)
{
    const core::token_response& response = got.response;
    dialogue_result r = ending(dialogue_end::answered);
    r.answer = response.outcome;
    r.after_5xx = response.after_5xx;
    r.retry_after = response.said.retry_after;
    r.cause = response.cause;
    r.in_doubt = response.outcome == verdict::in_doubt || response.outcome == verdict::doubtful_misconfigured;
    if (!intent.rt_hash.empty()) {
        r.sends = intent.attempts;
        r.first_sent = first_sent;
        // Was it the first of two requests that spent it, although the server said that it wanted another proof?
        r.in_doubt = r.in_doubt || intent.in_doubt || got.proved_again;
    }
    store_command note = about_me(kind::save_failure);
    switch (response.outcome) {
    case verdict::not_sent: note.failure = exchange_failure::not_sent; break;
    case verdict::in_doubt:
    case verdict::doubtful_misconfigured: note.failure = exchange_failure::in_doubt; break;
    case verdict::refused: note.failure = exchange_failure::refused; break;
    default: note.failure = exchange_failure::not_consumed;
    }
    note.cause = !response.said.error.empty() ? response.said.error
                 : got.outcome.ec             ? got.outcome.ec.message()
                                              : r.cause.message();
    // A human who corrects the registration restarts the program, which must not sit out the breaker then.
    if (response.outcome != verdict::misconfigured) note.retry_in = planned_pause(r);
    if (response.outcome == verdict::refused && options.on_sign_in) note.retry_in = service->policy.sign_in_claim;
    const store_reply noted = co_await execute(std::move(note));
    // Not written: the intent stays, and says "in doubt" to the next process.
    if (noted.outcome == status::ok) noted_pause_ = noted.record.not_before;
    // The lease was lost on the way. What a peer has got meanwhile matters more than this answer, and while a peer may
    // be about to get it, nobody is sent to sign in (FAULTS A7).
    if (noted.outcome == status::fenced || noted.outcome == status::superseded) {
        if (adopt(noted)) co_return adopted_tokens(noted.record);
        const lease& holder = noted.record.holder;
        const bool taken = !holder.owner.empty() && holder.fence != fence_;
        if (response.outcome == verdict::refused && taken) co_return ending(dialogue_end::lease_busy);
    }
    co_return r;
}

// What the state machine will say when it hears of `r`. That it holds back while its own token is good is no pause for
// others: theirs may be older.
std::chrono::milliseconds chain::planned_pause(core::dialogue_result& r) const
{
    const core::view v{.now = service->now(), .jitter = service->time->jitter()};
    r.jitter = v.jitter; // the same then
    core::refresh_fsm planned = fsm_;
    planned.on_result(r, v);
    const auto pause = std::chrono::ceil<std::chrono::milliseconds>(planned.paused_until().mono - v.now.mono);
    return std::max(pause, std::chrono::milliseconds(0));
}

} // namespace afresh::detail
