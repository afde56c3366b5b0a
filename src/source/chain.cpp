#include "source/chain.hpp"

#include "core/token_request.hpp"
#include "crypto/digest.hpp"
#include "source/insist.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace afresh::detail {
namespace {

std::atomic<std::uint64_t> last_id{0};

} // namespace

chain::chain(std::shared_ptr<detail::service> s, std::shared_ptr<const client_registration> r, afresh::grant g,
             source_options o, std::string n)
    : service(std::move(s)),
      strand(service->strand_of(o.key)),
      registration(std::move(r)),
      grant(std::move(g)),
      options(std::move(o)),
      name(std::move(n)),
      id(++last_id),
      owner_(service->owner + '/' + std::to_string(id)),
      fsm_(service->policy),
      refresh_token_(grant.token()),
      rt_hash_(crypto::fingerprint(refresh_token_.reveal()))
{
    status_.durable = service->store->is_durable();
}

chain::~chain()
{
    abandon();
    service->forget(*this, name);
}

// --- events, on the strand ---

core::view chain::look()
{
    core::view v;
    v.now = service->now();
    v.jitter = service->time->jitter();
    v.used = held_ && held_->used.load(std::memory_order_relaxed) && held_->used.exchange(false);
    std::lock_guard lock(mutex_);
    v.waiters = !waiters_.empty();
    return v;
}

void chain::on_asked()
{
    {
        std::lock_guard lock(mutex_);
        asked_ = false;
    }
    const core::view v = look();
    apply(fsm_.on_get(v));
    if (somebody_wants_newer()) apply(fsm_.on_want_newer(look()));
}

// Than the token held. Not everybody who waits does: one who came a moment ago is about to be served.
bool chain::somebody_wants_newer() const
{
    if (fsm_.running() != core::dialogue::none) return false; // it is on its way
    const bool good = held_ && fsm_.usable(service->now());
    std::lock_guard lock(mutex_);
    return good ? waiters_.wants_newer_than(held_->generation) : !waiters_.empty();
}

void chain::on_rejected(waiter_list caller, std::uint64_t generation, const std::string& origin)
{
    report({.what = event::kind::token_rejected, .generation = generation, .detail = origin});
    waiter& w = caller.pop_front();
    const bool current = held_ && held_->generation == generation; // else a newer one is there, or on its way
    if (current && !may_force(origin)) {
        w.ec = errc::temporarily_unavailable;
        waiter_list one;
        one.push_back(w);
        return refuse(std::move(one));
    }
    std::unique_lock lock(mutex_);
    add(w, service->policy.max_wait, lock);
    if (lock.owns_lock()) lock.unlock();
    if (current) apply(fsm_.on_rejected(look()));
}

// Forced refreshes are limited for each origin; joining one that is under way is not.
bool chain::may_force(const std::string& origin)
{
    if (!fsm_.rejection_forces()) return true;
    if (forced_.size() > 1024) forced_.clear(); // origins are configured and few; a flood of others must not grow this
    return forced_[origin].take(service->now().mono, service->policy);
}

void chain::on_wake()
{
    const core::mono_time now = service->now().mono;
    std::unique_lock lock(mutex_);
    waiter_list late = waiters_.take_expired(now, errc::wait_timed_out);
    lock.unlock();
    refuse(std::move(late));
    if (keeps_lease() && now >= lease_renewed_ + service->policy.lease_ttl / 3)
        spawn_surely(
            strand, [&] { return keep_lease(shared_from_this()); },
            [self = shared_from_this()] { self->renewing_lease_ = false; });
    begin_command();
    begin_revocation();
    apply(fsm_.on_tick(look()));
    begin_reread();
    settle_shutdowns();
}

void chain::on_store_changed(core::mono_time reread_at)
{
    if (closed() || !loaded_) return; // it will be read anyway
    reread_at_ = std::min(reread_at_, reread_at);
    begin_reread();
    rearm();
}

void chain::begin_reread()
{
    if (reread_at_ > service->now().mono || fsm_.running() != core::dialogue::none) return;
    reread_at_ = core::mono_time::max();
    apply(fsm_.on_changed(look()));
}

void chain::on_close()
{
    service->closed();
    while (!commands_.empty()) {
        commands_.front().call.complete(errc::closed);
        commands_.pop_front();
    }
    apply(fsm_.on_close());
    report({.what = event::kind::closed, .generation = generation_});
    settle_shutdowns();
}

void chain::apply(const core::effects& e)
{
    publish_if_changed();
    // Whoever next sees that the token is due says so again.
    if (held_ && fsm_.current() == core::phase::idle && fsm_.running() == core::dialogue::none) held_->nudged = false;
    if (e.serve) serve();
    // New tokens wait for their turn: no refusal of the old ones matters.
    const bool rescued = std::any_of(commands_.begin(), commands_.end(), [](const command& c) { return !c.offered; });
    if ((e.fail_all && !rescued) || e.fail_impatient) {
        std::unique_lock lock(mutex_);
        waiter_list list = e.fail_all ? waiters_.take_all(e.error) : waiters_.take_impatient(e.error);
        lock.unlock();
        refuse(std::move(list));
    }
    if (e.sign_in && !rescued) call_sign_in_hook();
    if (e.begin != core::dialogue::none) begin(e.begin);
    fill_status();
    rearm();
}

void chain::serve()
{
    if (!held_) return;
    std::unique_lock lock(mutex_);
    waiter_list list = waiters_.take_satisfied(share(held_));
    lock.unlock();
    if (!list.empty()) held_->used = true;
    refuse(std::move(list));
}

// Also of those that got a token: they go the same way.
void chain::refuse(waiter_list list)
{
    if (list.empty()) return;
    report({.what = event::kind::waiters_released, .generation = generation_, .count = list.size()});
    post_all(std::move(list));
}

void chain::publish_if_changed()
{
    const snapshot_ptr wanted = fsm_.withheld() || closed() ? nullptr : held_;
    std::lock_guard lock(mutex_);
    standing_ = fsm_.current() == core::phase::latched ? fsm_.last_error() : error_code();
    if (published_ == wanted) return;
    published_ = wanted;
    version_.fetch_add(1, std::memory_order_release);
}

void chain::rearm()
{
    const core::moment now = service->now();
    core::moment at = fsm_.wake_at({.now = now});
    core::mono_time next = at.mono;
    {
        std::lock_guard lock(mutex_);
        next = std::min(next, waiters_.earliest());
    }
    if (keeps_lease()) next = std::min(next, lease_renewed_ + service->policy.lease_ttl / 3);
    if (!commands_.empty() && fsm_.running() == core::dialogue::none) next = std::min(next, command_at_);
    if (fsm_.running() == core::dialogue::none && !closed()) next = std::min(next, reread_at_);
    for (const auto& s : shutdowns_) next = std::min(next, s.deadline);
    if (!revocations_.empty() && !revoking_) next = std::min(next, revocations_.front().at);
    service->wake(*this, next);
}

void chain::begin(core::dialogue what)
{
    began_ = service->now().mono;
    sent_ = false;
    may_ask_ = true;
    if (what == core::dialogue::exchange && keep_alive_.reached(service->now()))
        report({.what = event::kind::refresh_token_expires, .generation = generation_});
    spawn_surely(
        strand, [&] { return run(shared_from_this(), what); }, [self = shared_from_this()] { self->dialogue_died(); });
}

// Out of memory, again and again.
void chain::dialogue_died()
{
    if (fsm_.running() == core::dialogue::none) return;
    core::dialogue_result r;
    r.end = core::dialogue_end::store_failed;
    posting_ = false;
    lease_until_.reset();
    finish(r);
}

void chain::begin_command()
{
    if (commands_.empty() || fsm_.running() != core::dialogue::none || closed()) return;
    if (command_at_ > service->now().mono) return;
    fsm_.on_command();
    began_ = service->now().mono;
    spawn_surely(
        strand, [&] { return run_command(shared_from_this()); },
        [self = shared_from_this()] { self->dialogue_died(); });
}

void chain::finish(const core::dialogue_result& r)
{
    const bool failed = r.end != core::dialogue_end::tokens && r.end != core::dialogue_end::saved &&
                        r.end != core::dialogue_end::unchanged && r.end != core::dialogue_end::lease_busy;
    const bool was_exchange = fsm_.running() == core::dialogue::exchange;
    core::view seen = look();
    seen.jitter = r.jitter.value_or(seen.jitter);
    const core::effects e = fsm_.on_result(r, seen);
    if (!failed && !fsm_.last_error()) failure_ = {}, failure_said_ = {}, failure_detail_.clear();
    if (failed || r.unusable) failure_ = fsm_.last_error() ? fsm_.last_error() : r.cause;
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(service->now().mono - began_);
    if (was_exchange && (failed || r.unusable))
        report({.what = event::kind::refresh_failed,
                .generation = generation_,
                .elapsed = elapsed,
                .error = failure_,
                .said = failure_said_,
                .detail = failure_detail_});
    else if (std::exchange(sent_, false) && r.end == core::dialogue_end::tokens)
        report({.what = event::kind::refresh_succeeded, .generation = generation_, .elapsed = elapsed});
    if (std::exchange(told_, generation_) != generation_ && !fsm_.unsaved()) service->tell_others(*this);
    hold_while_owing();
    apply(e);
    begin_command();
    // Callers who came meanwhile, and whom this did not serve.
    if (somebody_wants_newer()) apply(fsm_.on_want_newer(look()));
    begin_reread();
    rearm();
    settle_shutdowns();
}

void chain::settle_shutdowns()
{
    if (shutdowns_.empty()) return;
    const core::mono_time now = service->now().mono;
    const bool idle = fsm_.running() == core::dialogue::none && fsm_.current() == core::phase::closed;
    const bool done = idle && !fsm_.unsaved() && revocations_.empty();
    std::deque<shutdown_wait> rest;
    for (auto& s : shutdowns_) {
        if (!done && s.deadline > now) {
            rest.push_back(std::move(s));
            continue;
        }
        const error_code ec = done ? error_code() : fsm_.unsaved() ? errc::store_failed : errc::wait_timed_out;
        // Behind the events that are on their way to the hook: who waited for the end has been told everything.
        asio::post(strand, [call = std::move(s.call), ec]() mutable { call.complete(ec); });
    }
    shutdowns_.swap(rest);
}

} // namespace afresh::detail
