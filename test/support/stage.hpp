#pragma once
// One context with a scripted server, a scripted store and a clock that the test moves: everything that happens to a
// token source happens in handlers that the test runs one by one. For tests with timers of their own: system_clocks.

#include "support/manual_time.hpp"
#include "support/scripted_store.hpp"
#include "support/scripted_transport.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace afresh::test {

struct system_clocks {};

struct stage {
    stage() : time(std::make_shared<manual_time>()) {}
    explicit stage(system_clocks) {}

    asio::io_context context;
    std::shared_ptr<manual_time> time;
    std::shared_ptr<scripted_transport> server = std::make_shared<scripted_transport>();
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>(time);
    refresh_policy policy = {.forced_burst = 1000};

    service_options parts() const { return {.transport = server, .store = store, .time = time, .policy = policy}; }
    static client_registration client()
    {
        return client_registration("https://as.example.com/token", "client")
            .client_secret_basic("secret")
            .revocation_endpoint("https://as.example.com/revoke");
    }
    token_source source(source_options options = {})
    {
        options.service = parts();
        return token_source(context.get_executor(), client(), grant::refresh_token("alice-0"), std::move(options));
    }

    // One handler; when none is ready the clock moves on. False when nothing will ever happen any more.
    bool step()
    {
        context.restart();
        if (!time) return context.run_one_for(std::chrono::seconds(10)) > 0;
        return context.poll_one() > 0 || time->skip();
    }
    // False when `done` did not become true within so many steps.
    template <class Done>
    bool run_until(Done done, unsigned most = 20'000)
    {
        for (unsigned i = 0; i < most; ++i)
            if (done() || !step()) break;
        return done();
    }
    // Runs what is ready now; the clock stands still.
    void settle()
    {
        context.restart();
        context.poll();
    }
    // Runs a coroutine to its end.
    template <class Executor = asio::any_io_executor>
    void run(asio::awaitable<void, Executor> work)
    {
        bool ended = false;
        std::exception_ptr failed;
        asio::co_spawn(Executor(context.get_executor()), std::move(work), [&](std::exception_ptr e) {
            ended = true;
            failed = e;
        });
        if (!run_until([&] { return ended; })) throw std::runtime_error("the coroutine did not end");
        if (failed) std::rethrow_exception(failed);
    }
    // What another process asks of the same store.
    store_reply ask(const store_command& command)
    {
        store_reply reply;
        run([](std::shared_ptr<token_store> s, store_command c, store_reply& r) -> asio::awaitable<void> {
            std::string key = "default";
            r = co_await s->execute(std::move(key), std::move(c));
        }(store, command, reply));
        return reply;
    }
};

// The code that a call throws; success when it throws none.
template <class Call>
error_code code_of(Call call)
{
    try {
        call();
    } catch (const boost::system::system_error& e) {
        return e.code();
    }
    return {};
}

} // namespace afresh::test
