#pragma once
// What each process of a fleet runs: coroutines that want a token all the time. It tells on standard output what happens,
// a line each:
//   generation N    the first token of that generation was served
//   lost grant      it was refused; the next line of standard input is a new refresh token
//   failed WHY      a caller got no token, for another reason

#include <afresh/token_source.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace afresh::test {

inline void say(std::string line)
{
    line += '\n';
    (void)!::write(STDOUT_FILENO, line.data(), line.size()); // at once, and whole: what died had said it
}

inline asio::awaitable<token_set> sign_in()
{
    say("lost grant");
    const auto executor = co_await asio::this_coro::executor;
    asio::posix::stream_descriptor input(executor, ::dup(STDIN_FILENO));
    std::string line;
    const std::size_t size =
        co_await asio::async_read_until(input, asio::dynamic_buffer(line), '\n', asio::use_awaitable);
    token_set tokens;
    tokens.refresh_token(secret_string(line.substr(0, size - 1)));
    co_return tokens;
}

inline asio::awaitable<void> want_tokens(token_source tokens, std::uint64_t& newest)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        std::string why;
        try {
            const access_token token = co_await tokens.get();
            if (token.generation() > newest) {
                newest = token.generation();
                say("generation " + std::to_string(newest));
            }
        } catch (const boost::system::system_error& e) {
            if (e.code() != condition::sign_in) why = e.code().message() + ": " + tokens.status().last_detail;
        }
        if (!why.empty()) say("failed " + why);
        timer.expires_after(why.empty() ? std::chrono::milliseconds(10) : std::chrono::milliseconds(100));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace afresh::test
