#include "flow/shared_flight.hpp"

#include <afresh/error.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <utility>

namespace afresh::detail {

struct shared_flight::flight {
    explicit flight(const asio::any_io_executor& ex) : done(ex, 0) {}
    asio::experimental::concurrent_channel<void(error_code)> done; // closed when it is
    std::atomic<bool> over{};
    std::exception_ptr error;
};

asio::awaitable<void> shared_flight::join(const work& w)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::shared_ptr<flight> f;
    bool is_first = false;
    {
        const std::lock_guard lock(mutex_);
        is_first = !current_;
        if (is_first) current_ = std::make_shared<flight>(executor);
        f = current_;
    }
    if (is_first) try {
            asio::co_spawn(executor, run(shared_from_this(), f, w), asio::detached);
        } catch (...) { // out of memory: the next one begins another
            end(f, std::current_exception());
        }
    (void)co_await f->done.async_receive(asio::as_tuple(asio::use_awaitable)); // closed, or this caller cancelled
    if (!f->over.load(std::memory_order_acquire)) throw boost::system::system_error(asio::error::operation_aborted);
    if (f->error) std::rethrow_exception(f->error);
}

asio::awaitable<void> shared_flight::run(std::shared_ptr<shared_flight> self, std::shared_ptr<flight> f, work w)
{
    std::exception_ptr error;
    try {
        co_await w();
    } catch (...) {
        error = std::current_exception();
    }
    self->end(f, error);
}

void shared_flight::end(const std::shared_ptr<flight>& f, std::exception_ptr error)
{
    {
        const std::lock_guard lock(mutex_);
        current_.reset();
    }
    f->error = std::move(error);
    f->over.store(true, std::memory_order_release);
    f->done.close();
}

} // namespace afresh::detail
