// A chain and its record in the store: the lease, what is read, and the tokens that wait to be saved.

#include "source/chain.hpp"

#include "crypto/digest.hpp"

#include <algorithm>
#include <utility>

namespace afresh::detail {

using kind = store_command::kind;
using status = store_reply::status;

store_command chain::about_me(store_command::kind what) const
{
    store_command c(what);
    c.owner = owner_;
    c.ttl = service->policy.lease_ttl;
    c.fence = fence_;
    c.generation = generation_;
    c.rt_hash = rt_hash_;
    c.dpop = binding();
    c.session = session_;
    return c;
}

asio::awaitable<store_reply> chain::execute(store_command command)
{
    const core::moment asked = service->now();
    store_reply reply;
    try {
        reply = co_await service->store->execute(options.key, std::move(command));
    } catch (...) { // a store of the user's that throws
        reply.outcome = status::failed;
        reply.error = errc::store_failed;
        reply.error_text = text_of(std::current_exception());
    }
    if (reply.outcome == status::failed) {
        failure_detail_ = reply.error_text;
        co_return reply;
    }
    // The store looked at its clock some time between the question and the answer. What the record says happened longer
    // ago, rather than less long: no token must seem to last longer, and no grace.
    const core::moment now = service->now();
    store_ahead_ = reply.now - now.wall;
    reply.now += std::chrono::duration_cast<store_time::duration>(core::since(asked, now));
    co_return reply;
}

asio::awaitable<store_reply> chain::take_lease()
{
    store_command take = about_me(kind::take_lease);
    const core::moment asked = service->now();
    store_reply reply = co_await execute(std::move(take));
    if (reply.outcome == status::ok) {
        fence_ = reply.record.holder.fence;
        extend_lease(asked);
    }
    co_return reply;
}

// From when it was asked for: never too late. By both clocks, because in suspend the monotonic one stands still (FAULTS
// A9, A14).
void chain::extend_lease(const core::moment& asked)
{
    lease_until_ = core::after(asked, service->policy.lease_ttl);
    lease_renewed_ = asked.mono;
}

asio::awaitable<void> chain::release_lease()
{
    lease_until_.reset();
    store_command release = about_me(kind::release_lease);
    co_await execute(std::move(release)); // if it fails the lease runs out by itself
}

// Once it has run out it is somebody else's.
bool chain::keeps_lease() const
{
    return posting_ && lease_until_ && !renewing_lease_ && !lease_until_->reached(service->now());
}

// While the POST is open. A failed renewal lets the lease run out, which stops further attempts but not this one.
asio::awaitable<void> chain::keep_lease(std::shared_ptr<chain> self)
{
    self->renewing_lease_ = true;
    store_command renew = self->about_me(kind::renew_lease);
    const core::moment asked = self->service->now();
    const store_reply reply = co_await self->execute(std::move(renew));
    const bool overtaken = reply.record.generation > self->generation_; // by the late answer of who had it before
    if (reply.outcome == status::ok && self->lease_until_ && !overtaken) self->extend_lease(asked);
    if (overtaken && self->lease_until_) {
        // Nothing more is sent, and what is on its way is another refresh token than the others'.
        self->lease_until_ = asked;
        store_command release = self->about_me(kind::release_lease);
        co_await self->execute(std::move(release));
    }
    self->lease_renewed_ = self->service->now().mono; // also when it failed: once more after a while
    self->renewing_lease_ = false;
    self->rearm();
}

const stored_token* chain::stored_for_me(const chain_record& record) const
{
    for (const stored_token& t : record.tokens)
        if (t.scope == grant.scope() && t.resource == grant.resource() && t.dpop_jkt == thumbprint() &&
            (!t.dpop_jkt.empty() || !wants_proofs()))
            return &t;
    return nullptr;
}

// Takes over what the store knows better. True when it knew a newer generation.
bool chain::adopt(const store_reply& reply)
{
    const chain_record& record = reply.record;
    if (record.generation < generation_ || (record.generation == generation_ && generation_ > 0)) return false;
    if (record.generation == 0 && record.rt_hash.empty()) return false; // a new key: nothing to know
    take_record(reply);
    return true;
}

void chain::take_record(const store_reply& reply)
{
    const chain_record& record = reply.record;
    generation_ = record.generation;
    refresh_token_ = record.refresh_token;
    rt_hash_ = record.rt_hash;
    bind_to(record.dpop);
    session_ = record.session;
    keep_alive_ = core::moment::never();
    if (record.refresh_expires_at) keep_alive(service->now(), *record.refresh_expires_at - reply.now);
    const snapshot_ptr had = held_;
    const core::token_times had_times = held_times_;
    prepared_ = holding();
    if (const stored_token* t = stored_for_me(record)) {
        id_token_ = t->id_token;
        // Times in a store are its clock's: the remaining life is carried over to ours. A token from the future means
        // that the clock was set back: how long it lasts cannot be known, and must not be forever (FAULTS A13).
        stored_token known = *t;
        if (known.obtained_at > reply.now) {
            if (known.obtained_at > reply.now + std::chrono::seconds(1)) known.expires_at.reset();
            known.obtained_at = reply.now;
        }
        prepare(known, core::after(service->now(), known.obtained_at - reply.now));
    }
    hold_prepared();
    // Another audience was renewed: the refresh token is a new one, this access token is not.
    if (had && held_ && had->value == held_->value) {
        held_ = had; // with what is known of it
        held_times_ = had_times;
    }
    fsm_.on_found(held_ ? std::optional(held_times_) : std::nullopt, keep_alive_);
    publish_if_changed(); // what else this dialogue has to do may take long
}

// The store has gone back in time: a backup was put in place, or a database failed over to one that lacked a commit. Its
// refresh token is spent, and must not be sent; ours is written again (FAULTS A12).
void chain::remember(const chain_record& older)
{
    store_command save = about_me(kind::save_success);
    save.generation = generation_ - 1;
    save.rt_hash = older.rt_hash;
    save.new_refresh_token = refresh_token_;
    save.new_rt_hash = rt_hash_;
    pending_save_ = std::move(save);
    report({.what = event::kind::store_went_back, .generation = generation_});
}

// The first contact with the store: a new key gets the grant's refresh token, and so does a record that was begun with
// another one, because then somebody signed in anew. False when the store failed.
asio::awaitable<bool> chain::seed(const chain_record& record)
{
    if (grant.token().empty()) co_return true;
    const std::string mine = crypto::fingerprint(grant.token().reveal());
    if (was_given(record, mine)) co_return true;
    bind_to(grant.dpop_key());
    session_.clear();
    store_command replace = about_me(kind::replace);
    replace.generation = record.generation;
    replace.new_refresh_token = grant.token();
    replace.new_rt_hash = mine;
    replace.seed_hash = mine;
    replace.keep_lease = true; // for the exchange that this is the beginning of
    const store_reply reply = co_await execute(std::move(replace));
    if (reply.outcome != status::ok) co_return false;
    generation_ = reply.record.generation;
    refresh_token_ = grant.token();
    rt_hash_ = mine;
    held_ = nullptr;
    fsm_.on_found(std::nullopt, core::moment::never());
    co_return true;
}

// Saves what an exchange or set_tokens() brought: ok, superseded (a peer was faster), signed_out, or failed, and then it
// is still to be saved.
asio::awaitable<store_reply::status> chain::save_pending()
{
    if (!pending_save_) co_return status::ok;
    store_command save = *pending_save_;
    if (save.what == kind::replace) { // a fenced write: a retry needs the lease, and the generation that is stored now
        if (!lease_until_) {
            const store_reply lease = co_await take_lease();
            if (lease.outcome != status::ok) co_return status::failed;
        }
        save.fence = fence_;
    }
    const store_reply reply = co_await execute(std::move(save));
    switch (reply.outcome) {
    case status::ok:
        generation_ = reply.record.generation;
        hold_prepared();
        report({.what = event::kind::saved, .generation = generation_});
        break;
    case status::superseded: // a peer was faster: its tokens are the chain's
        take_record(reply);
        break;
    case status::signed_out: // somebody ended the chain while this was under way: nobody may use it (FAULTS A41)
        revoke(parting_tokens(), {});
        take_record(reply);
        break;
    case status::busy:
    case status::fenced:
    case status::failed:
        report({.what = event::kind::save_failed,
                .generation = generation_,
                .error = errc::store_failed,
                .detail = reply.error_text});
        co_return status::failed;
    }
    pending_save_.reset();
    // Saving releases it.
    if (reply.outcome != status::ok && lease_until_)
        co_await release_lease();
    else
        lease_until_.reset();
    co_return reply.outcome;
}

// What is stored of the next generation's token but for the token itself. Times in a store are by the store's clock.
stored_token chain::describe(const core::moment& obtained, std::optional<std::chrono::seconds> lifetime) const
{
    stored_token t;
    t.scope = grant.scope();
    t.resource = grant.resource();
    t.dpop_jkt = thumbprint();
    t.id_token = id_token_;
    t.generation = generation_ + 1;
    const core::moment now = service->now();
    t.obtained_at = now.wall - core::since(obtained, now) + store_ahead_;
    if (lifetime && lifetime->count() > 0)
        t.expires_at = t.obtained_at + std::min<std::chrono::seconds>(*lifetime, std::chrono::hours(24 * 3653));
    return t;
}

// Makes of a stored token what callers get; they get it from hold_prepared() on, which comes after it was saved.
void chain::prepare(const stored_token& t, const core::moment& obtained)
{
    std::optional<std::chrono::seconds> lifetime;
    if (t.expires_at) lifetime = std::chrono::floor<std::chrono::seconds>(*t.expires_at - t.obtained_at);
    const core::token_times times = core::schedule(obtained, lifetime, service->policy, service->time->jitter());
    auto made = std::make_shared<snapshot>();
    made->value = t.access_token;
    made->id_token = t.id_token;
    made->type = t.token_type;
    made->scope = t.granted_scope;
    if (!t.dpop_jkt.empty()) {
        made->key = prover_;
        made->ath = crypto::sha256_text(t.access_token.reveal());
    }
    made->generation = t.generation;
    made->lifetime = times.lifetime;
    if (lifetime) made->expires_at = core::after(obtained, *lifetime).wall;
    made->due = {times.due.mono, times.due.wall};
    made->usable_until = {times.usable_until.mono, times.usable_until.wall};
    prepared_ = holding{std::move(made), times};
}

// Not all of a fleet at the same moment; and not much earlier, because each use may cost one that is in doubt.
void chain::keep_alive(const core::moment& from, std::chrono::nanoseconds lifetime)
{
    keep_alive_ =
        core::after(from, std::chrono::nanoseconds(static_cast<std::int64_t>(static_cast<double>(lifetime.count()) *
                                                                             (0.8 - 0.05 * service->time->jitter()))));
}

void chain::hold_prepared()
{
    if (!prepared_) return;
    held_ = std::move(prepared_->token);
    held_times_ = prepared_->times;
    prepared_.reset();
}

core::dialogue_result chain::held_tokens(bool unsaved) const
{
    core::dialogue_result r;
    r.end = core::dialogue_end::tokens;
    r.times = held_times_;
    r.keep_alive = keep_alive_;
    if (!held_) { // an exchange is wanted at once
        const core::moment now = service->now();
        r.times = {now, now, now, std::nullopt};
    }
    r.unsaved = unsaved;
    return r;
}

} // namespace afresh::detail
