#pragma once
// Many coroutines on several threads. What they find wrong is counted, because Boost.Test's checks are for one thread.

#include "support/scripted_store.hpp"
#include "support/scripted_transport.hpp"
#include "support/stage.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace afresh::test {

using namespace std::chrono_literals;

// A context with threads of its own.
class threads {
public:
    explicit threads(unsigned count) : work_(asio::make_work_guard(context))
    {
        for (unsigned i = 0; i < count; ++i) pool_.emplace_back([this] { context.run(); });
    }
    ~threads() { join(); }
    // Waits until nothing is left to do.
    void join()
    {
        work_.reset();
        for (std::thread& t : pool_) t.join();
        pool_.clear();
    }
    asio::io_context context;

private:
    std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
    std::vector<std::thread> pool_;
};

// A server that takes 0 to 3 ms, and a store; both real-time and safe from all threads.
struct busy_world {
    explicit busy_world(unsigned unreachable_percent = 5)
    {
        server->lifetime = 1s;
        server->plan([random = std::minstd_rand(1), unreachable_percent](unsigned) mutable -> request_fate {
            const bool lost = random() % 100 < unreachable_percent;
            return {.end = lost ? request_fate::kind::not_reached : request_fate::kind::answered,
                    .time = std::chrono::microseconds(random() % 3000)};
        });
    }
    service_options parts() const { return {.transport = server, .store = store, .policy = policy}; }
    const std::shared_ptr<const client_registration>& client() const { return client_; }

    std::shared_ptr<scripted_transport> server = std::make_shared<scripted_transport>();
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
    refresh_policy policy = {.backoff_base = 10ms, .backoff_cap = 20ms, .forced_burst = 1'000'000};

private:
    std::shared_ptr<const client_registration> client_ = std::make_shared<client_registration>(stage::client());
};

struct findings {
    std::atomic<unsigned> begun{}, ended{}; // coroutines
    std::atomic<unsigned> calls{}, tokens{}, cancelled{}, timed_out{};
    std::atomic<unsigned> unexpected{}; // errors that no caller should have seen
    std::atomic<unsigned> older{};      // tokens older than one seen before
    std::atomic<unsigned> sets{};       // set_tokens() that succeeded
    std::atomic<bool> stop{};

    void told(const error_code& ec)
    {
        ++calls;
        if (!ec)
            ++tokens;
        else if (ec == asio::error::operation_aborted)
            ++cancelled;
        else if (ec == errc::wait_timed_out)
            ++timed_out;
        else if (ec != errc::temporarily_unavailable || !tolerate_outage)
            ++unexpected;
    }
    bool tolerate_outage = true; // three attempts in a row may fail
};

// Starts a coroutine that counts.
inline void join_crowd(asio::any_io_executor executor, asio::awaitable<void> work, findings& f)
{
    ++f.begun;
    asio::co_spawn(executor, std::move(work), [&f](std::exception_ptr e) {
        if (e) ++f.unexpected;
        ++f.ended;
    });
}

// Lets it go on for some time, and until there was enough of it, since a busy machine is slow; or until somebody stops it.
template <class Enough>
void let_go_on(findings& f, std::chrono::milliseconds time, Enough enough)
{
    std::this_thread::sleep_for(time);
    while (!f.stop && !enough()) std::this_thread::sleep_for(1ms);
    f.stop = true;
    while (f.ended < f.begun) std::this_thread::sleep_for(1ms);
}

} // namespace afresh::test
