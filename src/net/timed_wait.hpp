#pragma once
// A coroutine that waits for an event or a point in time, whichever comes first. Asio.

#include <afresh/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <utility>

namespace afresh::net {

namespace asio = boost::asio;

// The waiting coroutine, resumed with (error_code, T) by the first of finish(), the timer and cancellation; later ones
// come too late and are told so. It is resumed through its own executor, from whatever thread that was.
//
// Ownership: only the pending timer and the pending operation hold it, never the coroutine that waits (which it holds
// itself), nor a list: else an execution context destroyed in mid-wait would leak the circle.
template <class T>
class timed_wait : public std::enable_shared_from_this<timed_wait<T>> {
public:
    using value_type = T;
    using handler = asio::any_completion_handler<void(error_code, T)>;

    timed_wait(const asio::any_io_executor& executor, handler h)
        : executor_(executor), timer_(executor), handler_(std::in_place, std::move(h))
    {
    }
    virtual ~timed_wait() = default;

    // `value` is taken only when the answer is true.
    bool finish(error_code ec, T&& value)
    {
        std::unique_lock lock(mutex_);
        if (!handler_) return false;
        handler h(std::move(*handler_)); // constructed, never assigned: Boost 1.81 overflows the stack on assignment
        handler_.reset();
        timer_.cancel();
        lock.unlock();
        asio::post(executor_,
                   [h = std::move(h), ec, v = std::move(value)]() mutable { std::move(h)(ec, std::move(v)); });
        return true;
    }

protected:
    // To be called once, before anything that may call finish().
    void arm(std::chrono::steady_clock::time_point until, error_code when_over)
    {
        const std::lock_guard lock(mutex_);
        timer_.expires_at(until);
        timer_.async_wait([self = this->shared_from_this(), when_over](error_code ec) {
            if (!ec) self->give_up(when_over);
        });
        if (auto slot = asio::get_associated_cancellation_slot(*handler_); slot.is_connected())
            slot.assign([weak = this->weak_from_this()](asio::cancellation_type) {
                if (auto self = weak.lock()) self->give_up(asio::error::operation_aborted);
            });
    }

    const asio::any_io_executor& executor() const noexcept { return executor_; }

    // The time came, or the coroutine was cancelled: end the operation, whose result nobody wants now.
    virtual void given_up() noexcept {}

private:
    void give_up(error_code ec)
    {
        if (finish(ec, T{})) given_up();
    }

    asio::any_io_executor executor_;
    std::mutex mutex_;
    asio::steady_timer timer_;
    std::optional<handler> handler_;
};

// Makes an `Operation` (derived from timed_wait) and calls its start(args...) with the coroutine suspended.
template <class Operation, class... Args>
auto wait_for(asio::any_io_executor executor, Args... args)
{
    using value_type = typename Operation::value_type;
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    return asio::async_initiate<decltype(token), void(error_code, value_type)>(
        [](auto handler, asio::any_io_executor ex, Args... a) {
            std::make_shared<Operation>(ex, typename Operation::handler(std::move(handler)))->start(std::move(a)...);
        },
        token, std::move(executor), std::move(args)...);
}

} // namespace afresh::net
