// One process of a fleet that test/integration/fleet.cpp kills: coroutines that want a token all the time, from a store
// that many share. It tells on standard output what happens, a line each:
//   generation N    the first token of that generation was served
//   lost CODE       the grant was refused; the next line of standard input is a new refresh token
//   failed WHY      a caller got no token, for another reason
//
// Usage: fleet_child STORE TOKEN_ENDPOINT REFRESH_TOKEN, where STORE is sqlite:PATH or postgres:CONNINFO

#include "support/store_of.hpp"

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
#include <csignal>
#include <iostream>
#include <string>

namespace asio = boost::asio;
using namespace afresh;
using namespace std::chrono_literals;

namespace {

void say(std::string line)
{
    line += '\n';
    (void)!::write(STDOUT_FILENO, line.data(), line.size()); // at once, and whole: what died had said it
}

asio::awaitable<token_set> sign_in()
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

asio::awaitable<void> want_tokens(token_source tokens, std::uint64_t& newest)
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
        timer.expires_after(why.empty() ? 10ms : 100ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

int main(int count, char** values)
try {
    if (count != 4) return 2;
    ::signal(SIGXFSZ, SIG_IGN); // a full disk is an error, not the end
    asio::io_context context;
    source_options options;
    options.service.store = test::store_of(values[1], context.get_executor());
    options.on_sign_in = sign_in;
    refresh_policy& policy = options.service.policy;
    policy.rotation_grace = 1s; // less than the server has: a resend comes sooner
    policy.takeover_wait = 200ms;
    policy.max_wait = 20s;
    policy.backoff_cap = 1s;
    policy.unused = unused_sources::always;
    const token_source tokens(context.get_executor(),
                              client_registration(values[2], "fleet").allow_plain_http_for_tests(),
                              grant::refresh_token(secret_string(values[3])), std::move(options));
    std::uint64_t newest = 0;
    for (int i = 0; i < 8; ++i) asio::co_spawn(context, want_tokens(tokens, newest), asio::detached);
    context.run();
    return 0;
} catch (const std::exception& e) {
    say(std::string("failed to start: ") + e.what());
    return 1;
}
