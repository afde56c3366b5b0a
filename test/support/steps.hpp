#pragma once
// What makes the scripted parts asynchronous: each step is a handler of its own, so that a test can stop between them.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/version.hpp>

#include <chrono>

namespace afresh::test {

namespace asio = boost::asio;

// Seen on Boost 1.83, not on 1.81 and 1.88: co_spawn throws from run() if its coroutine is cancelled before it has begun.
inline constexpr int handlers_before_cancelling = BOOST_VERSION >= 108200 && BOOST_VERSION < 108800 ? 1 : 0;

inline asio::awaitable<void> steps(unsigned count, std::chrono::microseconds time = {})
{
    const auto executor = co_await asio::this_coro::executor;
    for (unsigned i = 0; i < count; ++i) co_await asio::post(executor, asio::use_awaitable);
    if (time.count() == 0) co_return;
    asio::steady_timer timer(executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

} // namespace afresh::test
