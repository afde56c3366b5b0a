#include "net/deadline.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

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
        if (due == never) return;
        if (clock::now() < due) return wait_until(due); // it was moved later meanwhile
        expire();
    }

    void expire() // locked
    {
        due = never;
        expired = true;
        if (socket >= 0) ::shutdown(socket, SHUT_RDWR);
    }

    std::mutex mutex;
    asio::steady_timer timer;
    clock::time_point due = never;
    clock::time_point armed = never; // what the timer waits for; never: it does not
    int socket = -1;
    bool expired = false;
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
    const std::lock_guard lock(state_->mutex);
    state_->due = when;
    if (when < state_->armed) state_->wait_until(when);
}

void deadline::stop()
{
    const std::lock_guard lock(state_->mutex);
    state_->due = never;
    if (state_->armed == never) return;
    state_->armed = never;
    state_->timer.cancel();
}

void deadline::expire()
{
    const std::lock_guard lock(state_->mutex);
    state_->expire();
}

bool deadline::expired() const
{
    const std::lock_guard lock(state_->mutex);
    return state_->expired;
}

} // namespace afresh::net
