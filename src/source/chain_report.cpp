// What is told of a chain: its status, and events as they happen.

#include "source/chain.hpp"
#include "source/insist.hpp"

#include <exception>
#include <utility>

namespace afresh::detail {

std::string text_of(const std::exception_ptr& e)
{
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& known) {
        return known.what();
    } catch (...) {
        return "an exception that is no std::exception";
    }
}

source_status chain::status() const
{
    std::lock_guard lock(mutex_);
    source_status s = status_;
    s.waiters = waiters_.size();
    s.token_requests = requests_.load(std::memory_order_relaxed);
    const core::moment now = service->now();
    // Nothing may have happened since: a token that nobody asks for ends quietly.
    if (s.state == source_state::fresh && status_times_.due.reached(now)) s.state = source_state::due;
    if (s.state == source_state::due && status_times_.usable_until.reached(now)) s.state = source_state::empty;
    if (closed_) s.state = source_state::closed;
    return s;
}

error_code chain::standing_error() const
{
    if (closed()) return errc::closed;
    std::lock_guard lock(mutex_);
    return standing_;
}

void chain::report(event e) const
{
    if (!service->on_event) return;
    insist([&] { e.key = options.key; });
    post_surely(strand, [self = shared_from_this(), e = std::move(e)] {
        try {
            self->service->on_event(e);
        } catch (...) { // the hook is an observer: it has no say in what happens
        }
    });
}

void chain::fill_status()
{
    const core::moment now = service->now();
    const bool usable = held_ && fsm_.usable(now);
    std::lock_guard lock(mutex_);
    source_status& s = status_;
    status_times_ = held_times_;
    s.generation = generation_;
    s.consecutive_failures = fsm_.failures();
    s.unsaved = fsm_.unsaved();
    s.in_doubt = fsm_.in_doubt();
    s.expires = held_ ? held_->expires_at : std::nullopt;
    s.due.reset();
    if (held_ && held_times_.due != core::moment::never()) s.due = held_times_.due.wall;
    s.last_failure = failure_;
    insist([&] {
        s.last_diagnostics = failure_said_;
        s.last_detail = failure_detail_;
    });
    switch (fsm_.current()) {
    case core::phase::closed: s.state = source_state::closed; break;
    case core::phase::latched: s.state = source_state::refused; break;
    case core::phase::waiting: s.state = usable ? source_state::due : source_state::waiting; break;
    case core::phase::idle:
        s.state = !usable
                      ? (fsm_.running() == core::dialogue::none ? source_state::empty : source_state::refreshing)
                      : (fsm_.running() == core::dialogue::none && !held_times_.due.reached(now) ? source_state::fresh
                                                                                                 : source_state::due);
    }
}

} // namespace afresh::detail
