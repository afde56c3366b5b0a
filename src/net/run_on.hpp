#pragma once
// A coroutine that waits for another one on another executor. Asio.

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace afresh::net {

namespace asio = boost::asio;

// Held by the coroutine that runs over there, never by the one that waits: see timed_wait.
template <class T>
class errand : public std::enable_shared_from_this<errand<T>> {
public:
    using handler_type = asio::any_completion_handler<void(std::exception_ptr, T)>;

    errand(handler_type h, asio::any_io_executor there, const asio::any_io_executor& waits_on)
        : there_(std::move(there)), handler_(std::move(h)), work_(waits_on)
    {
    }

    void start(asio::awaitable<T> work)
    {
        // On Boost before 1.83 no signal may reach a coroutine of another executor: it is sent over.
        if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
            slot.assign([weak = this->weak_from_this()](asio::cancellation_type) {
                if (const auto self = weak.lock())
                    asio::post(self->there_, [self] { self->stop_.emit(asio::cancellation_type::terminal); });
            });
        asio::post(there_, [self = this->shared_from_this(), w = std::move(work)]() mutable {
            const auto done = [self](std::exception_ptr e, T value) { self->end(e, std::move(value)); };
            asio::co_spawn(self->there_, std::move(w), asio::bind_cancellation_slot(self->stop_.slot(), done));
        });
    }

private:
    void end(std::exception_ptr e, T value)
    {
        asio::post(work_.get_executor(), [self = this->shared_from_this(), e, v = std::move(value)]() mutable {
            asio::get_associated_cancellation_slot(self->handler_).clear();
            auto handler = std::move(self->handler_);
            self->work_.reset();
            std::move(handler)(e, std::move(v));
        });
    }

    const asio::any_io_executor there_;
    handler_type handler_;
    asio::executor_work_guard<asio::any_io_executor> work_;
    asio::cancellation_signal stop_;
};

// T is default-constructible. Terminal cancellation is passed on.
template <class T>
asio::awaitable<T> run_on(asio::any_io_executor there, asio::awaitable<T> work)
{
    auto here = co_await asio::this_coro::executor;
    auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>, void(std::exception_ptr, T)>(
        [](auto handler, asio::any_io_executor over, asio::any_io_executor back, asio::awaitable<T> w) {
            typename errand<T>::handler_type erased(std::move(handler));
            std::make_shared<errand<T>>(std::move(erased), std::move(over), back)->start(std::move(w));
        },
        asio::use_awaitable, there, here, std::move(work));
    co_return result;
}

} // namespace afresh::net
