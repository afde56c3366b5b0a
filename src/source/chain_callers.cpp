// What callers do to a chain, on any thread: join, leave, and ask for things that the strand then does.

#include "core/token_request.hpp"
#include "source/chain.hpp"
#include "source/insist.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace afresh::detail {

bool chain::acquire()
{
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    ++handles_;
    return true;
}

void chain::release_handle()
{
    std::lock_guard lock(mutex_);
    if (--handles_ == 0) close_locked(); // in one step: whoever comes for the key now gets a new chain
}

void chain::ask()
{
    {
        std::lock_guard lock(mutex_);
        if (abandoned_ || closed_ || std::exchange(asked_, true)) return;
    }
    post(&chain::on_asked);
}

void chain::post(void (chain::*event)())
{
    post_surely(strand, [self = shared_from_this(), event] { (self.get()->*event)(); });
}

void chain::add(waiter& w, std::chrono::milliseconds wait, std::unique_lock<std::mutex>& lock)
{
    error_code refusal;
    if (w.cancelled)
        refusal = asio::error::operation_aborted;
    else if (closed_ || abandoned_)
        refusal = errc::closed;
    else if (waiters_.size() >= service->policy.max_waiters)
        refusal = errc::temporarily_unavailable;
    if (refusal) {
        lock.unlock();
        w.ec = refusal;
        waiter_list one;
        one.push_back(w);
        return post_all(std::move(one));
    }
    w.deadline = core::after(service->now(), core::bounded(wait)).mono;
    waiters_.insert(w);
    if (std::exchange(asked_, true)) return;
    const auto keep = shared_from_this(); // unlocked, the caller may be served at once and let the source go
    lock.unlock();
    post(&chain::on_asked);
}

void chain::join(waiter& w, const get_options& wanted)
{
    std::unique_lock lock(mutex_);
    w.patient = wanted.max_wait().has_value();
    // Looked at again, under the lock: a newer token may have been published since the caller looked.
    if (published_ && !lasts(*published_, wanted, service->now())) w.newer_than = published_->generation;
    add(w, wanted.max_wait().value_or(service->policy.max_wait), lock);
}

void chain::join_newer(waiter& w, const access_token& rejected, const std::string& origin)
{
    const std::uint64_t generation = rejected ? rejected.generation() : 0;
    w.newer_than = generation;
    waiter_list caller;
    caller.push_back(w);
    // It joins on the strand, behind its own rejection: whether that may force a refresh is decided first.
    asio::post(strand, [self = shared_from_this(), caller = std::move(caller), generation, origin]() mutable {
        self->on_rejected(std::move(caller), generation, origin);
    });
}

void chain::leave(waiter& w)
{
    std::unique_lock lock(mutex_);
    if (abandoned_) return;
    w.cancelled = true;
    if (!w.linked) return; // on its way in, which looks at the mark, or out already
    waiters_.erase(w);
    lock.unlock();
    w.ec = asio::error::operation_aborted;
    waiter_list one;
    one.push_back(w);
    post_all(std::move(one));
}

void cancel_wait::operator()(asio::cancellation_type_t) const
{
    if (const auto c = owner.lock()) c->leave(*self);
}

void chain::set_tokens(token_set tokens, pending_call call)
{
    if (core::check(tokens, wants_proofs())) return call.complete(errc::invalid_argument);
    take(command{.tokens = std::move(tokens), .given = service->now(), .call = std::move(call)});
}

void chain::sign_out(pending_call call)
{
    take(command{.tokens = {}, .given = service->now(), .call = std::move(call), .signs_out = true});
}

std::string_view chain::differs_in(const client_registration& r, const afresh::grant& g, const source_options& o) const
{
    if (r != *registration) return "client_registration";
    if (g.type() != grant.type() || g.scope() != grant.scope() || g.resource() != grant.resource() ||
        g.parameters() != grant.parameters())
        return "grant type, scope, resource or parameter";
    if (o.allowed_origins != options.allowed_origins) return "list of allowed_origins";
    return {};
}

void chain::offer(const afresh::grant& g)
{
    if (g.token().empty() || g.token() == grant.token()) return;
    take(command{token_set().refresh_token(g.token()).dpop_key(g.dpop_key()), service->now(), {}, true, true});
}

void chain::take(command c)
{
    asio::post(strand, [self = shared_from_this(), c = std::move(c)]() mutable {
        if (self->closed()) return c.call.complete(errc::closed);
        self->commands_.push_back(std::move(c));
        self->begin_command();
        self->rearm();
    });
}

void chain::retry_grant()
{
    post_surely(strand, [self = shared_from_this()] {
        self->revive_ = true;
        self->asked_for_.reset();
        self->apply(self->fsm_.on_retry_grant(self->look()));
    });
}

void chain::close()
{
    std::lock_guard lock(mutex_);
    close_locked();
}

void chain::close_locked()
{
    if (closed_.exchange(true) || abandoned_) return;
    published_ = nullptr; // from here on no call gets a token
    version_.fetch_add(1, std::memory_order_release);
    post(&chain::on_close);
}

void chain::shutdown(std::chrono::milliseconds deadline, pending_call call)
{
    close();
    shutdown_wait wait{core::after(service->now(), core::bounded(deadline)).mono, std::move(call)};
    asio::post(strand, [self = shared_from_this(), wait = std::move(wait)]() mutable {
        self->shutdowns_.push_back(std::move(wait));
        self->settle_shutdowns();
        self->rearm();
    });
}

void chain::abandon()
{
    // Destroyed outside the lock: handlers own whole coroutines, and those may own this source.
    waiter_list all;
    std::deque<command> commands;
    std::deque<shutdown_wait> shutdowns;
    std::deque<revocation> revocations;
    std::lock_guard lock(mutex_);
    abandoned_ = true;
    closed_ = true;
    commands.swap(commands_); // the strand's, which runs nothing any more
    shutdowns.swap(shutdowns_);
    revocations.swap(revocations_);
    waiter_list taken = waiters_.take_all(errc::closed);
    while (!taken.empty()) all.push_back(taken.pop_front());
}

} // namespace afresh::detail
