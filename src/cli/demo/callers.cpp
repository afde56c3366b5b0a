#include "cli/demo/callers.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace afresh::cli {

callers::callers(http_client client, std::string url, unsigned count, std::chrono::milliseconds pause,
                 run_history& history)
    : client_(std::move(client)),
      url_(std::move(url)),
      pause_(pause),
      history_(history),
      began_(count, clock::time_point::max())
{
}

void callers::start(const asio::any_io_executor& executor)
{
    for (std::size_t i = 0; i < began_.size(); ++i) asio::co_spawn(executor, loop(i), asio::detached);
    running_ = began_.size();
}

bool callers::settled(clock::time_point t) const noexcept
{
    return std::none_of(began_.begin(), began_.end(), [t](clock::time_point began) { return began < t; });
}

asio::awaitable<void> callers::loop(std::size_t me)
{
    asio::steady_timer pause(co_await asio::this_coro::executor);
    std::uniform_real_distribution<double> spread(0.5, 1.5);
    while (!stopping_) {
        began_[me] = clock::now();
        std::string cause;
        try {
            co_await call();
        } catch (const std::exception& e) {
            cause = e.what();
        }
        began_[me] = clock::time_point::max();
        if (!cause.empty()) fail(std::move(cause));
        pause.expires_after(std::chrono::duration_cast<clock::duration>(pause_ * spread(random_)));
        co_await pause.async_wait(asio::as_tuple(asio::deferred));
    }
    --running_;
}

asio::awaitable<void> callers::call()
{
    const auto start = clock::now();
    co_await client_.tokens().get(); // the client asks again; this one is for the clock
    totals_.get.add(clock::now() - start);
    const http_response answer = co_await client_.get(url_);
    totals_.whole.add(clock::now() - start);
    ++totals_.calls;
    history_.count_call();
    if (answer.status() / 100 != 2) {
        ++totals_.failed;
        ++totals_.causes["HTTP status " + std::to_string(answer.status())];
    }
}

void callers::fail(std::string cause)
{
    ++totals_.calls;
    ++totals_.failed;
    ++totals_.causes[std::move(cause)];
}

} // namespace afresh::cli
