#pragma once
// Runs a coroutine to its end, and everything else on the context with it.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace afresh::test {

namespace asio = boost::asio;

// Spawns the coroutine, has the context run by `turn`, which is told whether it has ended, and returns what came of it.
template <class T, class Turn>
T run_by(asio::io_context& context, asio::awaitable<T> work, Turn turn)
{
    std::optional<T> value;
    std::exception_ptr error;
    asio::co_spawn(context, std::move(work), [&](std::exception_ptr e, T v) {
        error = e;
        value.emplace(std::move(v));
    });
    context.restart();
    turn([&] { return value.has_value(); });
    if (error) std::rethrow_exception(error);
    if (!value) throw std::runtime_error("the coroutine did not end in 30 s");
    return std::move(*value);
}

// Returns when the context has no work left: what a coroutine leaves behind (a timer, say) shows as time.
template <class T>
T run(asio::io_context& context, asio::awaitable<T> work)
{
    return run_by(context, std::move(work), [&](auto) { context.run_for(std::chrono::seconds(30)); });
}

// Returns when the coroutine has ended, whatever else is waiting on the context.
template <class T>
T finish(asio::io_context& context, asio::awaitable<T> work)
{
    return run_by(context, std::move(work), [&](auto ended) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!ended() && std::chrono::steady_clock::now() < limit && context.run_one_until(limit) > 0) {
        }
    });
}

} // namespace afresh::test
