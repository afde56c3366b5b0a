// A contestant of bench/losses: Afresh as it comes, over a SQLite file.
// Usage: afresh_tokens CALLERS FILE TOKEN_ENDPOINT REFRESH_TOKEN; what it prints is described in losses.cpp.

#include <afresh/sqlite_token_store.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace asio = boost::asio;
using namespace afresh;
using namespace std::chrono_literals;

namespace {

void say(std::string line)
{
    line += '\n';
    (void)!::write(STDOUT_FILENO, line.data(), line.size());
}

asio::awaitable<token_set> sign_in()
{
    say("lost grant");
    asio::posix::stream_descriptor input(co_await asio::this_coro::executor, ::dup(STDIN_FILENO));
    std::string line;
    auto buffer = asio::dynamic_buffer(line);
    const std::size_t size = co_await asio::async_read_until(input, buffer, '\n', asio::use_awaitable);
    token_set tokens;
    tokens.refresh_token(secret_string(line.substr(0, size - 1)));
    co_return tokens;
}

asio::awaitable<void> call(token_source tokens, std::uint64_t& newest)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        std::string why;
        try {
            const access_token token = co_await tokens.get();
            if (token.generation() > newest) say("generation " + std::to_string(newest = token.generation()));
        } catch (const boost::system::system_error& e) {
            why = e.code().message();
            if (e.code() != condition::sign_in) say("failed " + why);
        }
        timer.expires_after(why.empty() ? 10ms : 100ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

int main(int count, char** values)
try {
    if (count != 5) return 2;
    asio::io_context context;
    source_options options;
    options.service.store = make_sqlite_token_store({.path = values[2]});
    options.on_sign_in = sign_in;
    const token_source tokens(context.get_executor(), client_registration(values[3], "fleet"),
                              grant::refresh_token(secret_string(values[4])), std::move(options));
    std::uint64_t newest = 0;
    for (int i = std::atoi(values[1]); i > 0; --i) asio::co_spawn(context, call(tokens, newest), asio::detached);
    context.run();
    return 0;
} catch (const std::exception& e) {
    say(std::string("failed to start: ") + e.what());
    return 1;
}
