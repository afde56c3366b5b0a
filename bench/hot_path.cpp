// get() while the token is fresh, against what it cannot beat (a coroutine that does nothing) and against Go.

#include "benchmarks.hpp"
#include "token_endpoint.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr int turns = 20'000; // half a millisecond: a quiet moment is found even on a busy machine
constexpr int rounds = 200;

// --- what is measured ---

using loop = asio::awaitable<void> (*)(std::vector<afresh::token_source>& sources, double& ns);

asio::awaitable<void> get(std::vector<afresh::token_source>& sources, double& ns)
{
    const afresh::token_source& tokens = sources.front();
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        const afresh::access_token token = co_await tokens.get();
        keep(token);
    }
    ns = watch.ns() / turns;
}

asio::awaitable<void> get_of_64(std::vector<afresh::token_source>& sources, double& ns)
{
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        const afresh::access_token token = co_await sources[i % sources.size()].get();
        keep(token);
    }
    ns = watch.ns() / turns;
}

[[gnu::noinline]] asio::awaitable<int> nothing() { co_return 1; }

asio::awaitable<void> empty(std::vector<afresh::token_source>&, double& ns)
{
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        const int value = co_await nothing();
        keep(value);
    }
    ns = watch.ns() / turns;
}

double run(loop measured, std::vector<afresh::token_source>& sources)
{
    double ns = 0;
    asio::io_context context(1);
    asio::co_spawn(context, measured(sources, ns), asio::detached);
    context.run();
    return ns;
}

// Of each of two threads that do it at the same time.
double run_twice(loop measured, std::vector<afresh::token_source>& sources)
{
    std::atomic<int> ready{};
    std::array<double, 2> each{};
    const auto work = [&](double& ns) {
        ++ready;
        while (ready < 2) { // together
        }
        ns = run(measured, sources);
    };
    std::thread other([&] { work(each[1]); });
    work(each[0]);
    other.join();
    return (each[0] + each[1]) / 2;
}

double try_get(const afresh::token_source& tokens)
{
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        const auto token = tokens.try_get();
        keep(token);
    }
    return watch.ns() / turns;
}

// --- ten million in one loop ---

[[gnu::noinline]] std::uintptr_t stack_position()
{
    return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

asio::awaitable<void> ten_million(const afresh::token_source& tokens, double& drift)
{
    std::uintptr_t low = stack_position(), high = low;
    for (int i = 0; i < 10'000'000; ++i) {
        const afresh::access_token token = co_await tokens.get();
        keep(token);
        const std::uintptr_t here = stack_position();
        low = std::min(low, here);
        high = std::max(high, here);
    }
    drift = static_cast<double>(high - low);
}

} // namespace

void hot_path(report& out, const std::string& go)
{
    std::thread([] {}).join(); // a program of one thread counts references without atomics: no such program is meant

    asio::io_context context(1);
    const auto endpoint = std::make_shared<token_endpoint>();
    const afresh::token_service service = make_service(context.get_executor(), endpoint);
    std::vector<afresh::token_source> sources;
    sources.reserve(64); // a get() on its way refers to its source
    for (int i = 0; i < 64; ++i) {
        sources.push_back(make_source(service, "principal " + std::to_string(i)));
        asio::co_spawn(context, sources.back().get(), [](std::exception_ptr e, auto) {
            if (e) std::rethrow_exception(e);
        });
    }
    context.run_for(std::chrono::milliseconds(200));

    race r;
    r.add("empty", [&] { return run(empty, sources); });
    r.add("get", [&] { return run(get, sources); });
    r.add("get, 2 threads", [&] { return run_twice(get, sources); });
    r.add("get, 64 sources", [&] { return run(get_of_64, sources); });
    r.add("try_get", [&] { return try_get(sources.front()); });
    const auto ask_go = [&](const char* what) {
        return [&go, what] {
            const auto answer = ask(go + ' ' + what + ' ' + std::to_string(turns));
            return answer.empty() ? std::nan("") : answer[0];
        };
    };
    if (!go.empty()) {
        r.add("Go", ask_go("get"));
        r.add("Go, 2 goroutines", ask_go("get2"));
    }
    r.run(rounds);

    const auto row = [&](const char* metric, const char* mine, const char* reference, const char* its, target goal) {
        out.add({"hot_path", metric, "ns", *r.best(mine), reference, r.best(its), goal});
    };
    row("co_await get()", "get", "", "", value_at_most(30));
    row("co_await get()", "get", "an empty awaitable", "empty", ratio_at_most(2.8));
    row("co_await get()", "get", "Go x/oauth2 Token()", "Go", ratio_at_most(0.4));
    row("co_await get(), two threads at once", "get, 2 threads", "one thread", "get", ratio_at_most(1.2));
    row("co_await get(), two threads at once", "get, 2 threads", "Go Token(), two goroutines", "Go, 2 goroutines",
        ratio_at_most(0.4));
    row("co_await get(), 64 sources in turn", "get, 64 sources", "one source", "get", ratio_at_most(1.2));
    row("try_get()", "try_get", "Go x/oauth2 Token()", "Go", {});

    double drift = 0;
    asio::co_spawn(context, ten_million(sources.front(), drift), asio::detached);
    context.restart();
    context.run_for(std::chrono::seconds(60));
    out.add({"hot_path", "stack growth over 10,000,000 co_await get()", "B", drift, "", {}, value_at_most(0)});
}

} // namespace bench
