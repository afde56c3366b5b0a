#include "flow/shared_flight.hpp"

#include <afresh/sign_in_error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <utility>
#include <vector>

namespace afresh::detail {

// Lives in the frame of the coroutine that waits.
struct shared_flight::waiter {
    explicit waiter(const asio::any_io_executor& ex) : ready(ex, 1) {}
    asio::experimental::concurrent_channel<void(error_code)> ready;
};

struct shared_flight::flight {
    std::vector<std::weak_ptr<waiter>> waiters;
    bool over{};
    std::exception_ptr error;
};

struct shared_flight::ending {
    ending(std::shared_ptr<shared_flight> s, std::shared_ptr<flight> f) : self(std::move(s)), of(std::move(f)) {}
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() { self->end(of, error); }

    std::shared_ptr<shared_flight> self;
    std::shared_ptr<flight> of;
    std::exception_ptr error = std::make_exception_ptr(
        sign_in_error(errc::temporarily_unavailable, "the context that was asking is gone; ask again"));
};

asio::awaitable<void> shared_flight::join(const work& w)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto me = std::make_shared<waiter>(executor);
    std::shared_ptr<flight> f;
    bool is_first = false;
    {
        const std::lock_guard lock(mutex_);
        is_first = !current_;
        if (is_first) current_ = std::make_shared<flight>();
        f = current_;
        f->waiters.push_back(me);
    }
    if (is_first) try {
            asio::co_spawn(executor, run(shared_from_this(), f, w), asio::detached);
        } catch (...) { // out of memory: the next one begins another
            end(f, std::current_exception());
        }
    (void)co_await me->ready.async_receive(asio::as_tuple(asio::use_awaitable)); // or this caller cancelled
    std::exception_ptr error;
    {
        const std::lock_guard lock(mutex_);
        error =
            f->over ? f->error : std::make_exception_ptr(boost::system::system_error(asio::error::operation_aborted));
    }
    if (error) std::rethrow_exception(error);
}

asio::awaitable<void> shared_flight::run(std::shared_ptr<shared_flight> self, std::shared_ptr<flight> f, work w)
{
    ending at_the_end(std::move(self), std::move(f));
    try {
        co_await w();
        at_the_end.error = nullptr;
    } catch (...) {
        at_the_end.error = std::current_exception();
    }
}

void shared_flight::end(const std::shared_ptr<flight>& f, std::exception_ptr error)
{
    std::vector<std::weak_ptr<waiter>> told;
    {
        const std::lock_guard lock(mutex_);
        if (f->over) return;
        current_.reset();
        f->over = true;
        f->error = std::move(error);
        told.swap(f->waiters);
    }
    for (const auto& weak : told)
        if (const auto waiting = weak.lock()) waiting->ready.try_send(error_code());
}

} // namespace afresh::detail
