// Four processes, one token: whoever finds it due renews it, and the others have the new one a millisecond later. The
// store is the first argument: a file for the processes of one machine, or a connection string of PostgreSQL for any
// number of machines.
//   fleet [FILE | postgresql://...]

#include "settings.hpp"

#include <afresh/sqlite_token_store.hpp>
#include <afresh/token_source.hpp>
#ifdef EXAMPLE_POSTGRES
#include <afresh/postgres_token_store.hpp>
#endif

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

//[store
std::shared_ptr<afresh::token_store> open_store(asio::any_io_executor executor, const std::string& where)
{
    if (where.find('=') == std::string::npos && where.find("://") == std::string::npos)
        return afresh::make_sqlite_token_store({.path = where});
#ifdef EXAMPLE_POSTGRES
    return afresh::make_postgres_token_store(executor, {.conninfo = where});
#else
    (void)executor;
    throw std::runtime_error("this example was built without PostgreSQL");
#endif
}
//]

asio::awaitable<void> work(const afresh::token_source& tokens, int number)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    std::uint64_t held = 0;
    for (const auto end = std::chrono::steady_clock::now() + 12s; std::chrono::steady_clock::now() < end;) {
        const afresh::access_token token = co_await tokens.get();
        if (token.generation() != held)
            std::printf("process %d has generation %ju\n", number, std::uintmax_t{held = token.generation()});
        std::fflush(stdout);
        timer.expires_after(100ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

// One process: nothing was opened before it was forked.
int run(int number, const std::string& where)
try {
    asio::io_context context;
    afresh::source_options options;
    options.service.store = open_store(context.get_executor(), where);
    options.service.on_event = [number](const afresh::event& e) {
        if (e.what == afresh::event::kind::refresh_succeeded) std::printf("process %d asked the server\n", number);
    };
    const afresh::token_source tokens(context.get_executor(), example::registration(), example::grant(),
                                      std::move(options));
    std::exception_ptr failed;
    asio::co_spawn(context, work(tokens, number), [&](std::exception_ptr e) {
        failed = e;
        tokens.close(); // else the store is listened to for ever
    });
    context.run();
    if (failed) std::rethrow_exception(failed);
    return 0;
} catch (const std::exception& e) {
    std::cerr << "process " << number << ": " << e.what() << '\n';
    return 1;
}

int main(int argc, char** argv)
{
    const bool given = argc > 1;
    const std::string where =
        given ? argv[1]
              : (std::filesystem::temp_directory_path() / ("afresh-fleet-" + std::to_string(::getpid()) + ".db"))
                    .string();
    std::vector<pid_t> processes;
    for (int i = 1; i <= 4; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            const int result = run(i, where);
            std::fflush(stdout);
            ::_exit(result);
        }
        processes.push_back(child);
    }
    int failed = 0;
    for (const pid_t child : processes) {
        int state = 0;
        ::waitpid(child, &state, 0);
        failed += state != 0;
    }
    if (!given)
        for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(where + suffix);
    return failed ? 1 : 0;
}
