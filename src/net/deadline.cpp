#include "net/deadline.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <atomic>
#include <mutex>

namespace afresh::net {

namespace {
constexpr auto never = clock::time_point::max();
}

struct deadline::state : std::enable_shared_from_this<state> {
    explicit state(const asio::any_io_executor& executor) : timer(executor) {}

    void wait_until(clock::time_point when) // locked
    {
        armed = when;
        timer.expires_at(when);
        timer.async_wait([self = shared_from_this()](boost::system::error_code ec) { self->on_timer(ec); });
    }

    void on_timer(boost::system::error_code ec)
    {
        if (ec) return; // replaced by an earlier one, or stopped
        const std::lock_guard lock(mutex);
        armed = never;
        const clock::time_point when = due;
        if (when == never) return;
        if (clock::now() < when) return wait_until(when); // it was moved later meanwhile
        expire();
    }

    void expire() // locked
    {
        due = never;
        expired = true;
        if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
    }

    // Moving `due` takes no lock: on_timer() first says that nothing is armed and then looks at `due`, expire_at() the
    // other way round, so that one of the two sees the other. Whether rest() is seen at once makes no difference.
    std::atomic<clock::time_point> due{never};
    std::atomic<clock::time_point> armed{never}; // what the timer waits for; never: it does not. Written locked
    std::atomic<bool> expired{false};
    std::mutex mutex; // of what follows
    asio::steady_timer timer;
    int socket = -1;
};

deadline::deadline(const asio::any_io_executor& executor) : state_(std::make_shared<state>(executor)) {}

deadline::~deadline()
{
    guard(-1);
    stop();
}

void deadline::guard(int socket)
{
    const std::lock_guard lock(state_->mutex);
    state_->socket = socket;
}

void deadline::expire_at(clock::time_point when)
{
    state_->due = when;
    if (when >= state_->armed.load()) return;
    const std::lock_guard lock(state_->mutex);
    if (when < state_->armed.load()) state_->wait_until(when);
}

void deadline::stop()
{
    state_->due = never;
    const std::lock_guard lock(state_->mutex);
    if (state_->armed.load() == never) return;
    state_->armed = never;
    state_->timer.cancel();
}

void deadline::rest() { state_->due.store(never, std::memory_order_release); }

void deadline::expire()
{
    const std::lock_guard lock(state_->mutex);
    state_->expire();
}

bool deadline::expired() const { return state_->expired; }

} // namespace afresh::net
