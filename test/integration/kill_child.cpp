// The program that test/integration/kill.cpp kills: coroutines call a resource with a token kept in SQLite. It tells on
// standard output what happens, a line each:
//   lost CODE     the grant was refused; the next line of standard input is a new refresh token
//   healed        tokens are good again
//   failed WHY    a call failed, and not because the grant was lost
//   calls N       that succeeded, when it ends after SIGTERM
// With KILL_AT in the environment it kills itself right there, in decorators of the public seams.
//
// Usage: kill_child TOKEN_ENDPOINT RESOURCE ORIGIN STORE REFRESH_TOKEN

#include <afresh/http_client.hpp>
#include <afresh/http_transport.hpp>
#include <afresh/sqlite_token_store.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace asio = boost::asio;
using namespace afresh;
using namespace std::chrono_literals;

namespace {

// The server waits 60 ms before it handles a request, and 100 ms before it answers.
constexpr auto before_it_is_handled = 20ms;
constexpr auto between_rotation_and_answer = 110ms;

std::string_view kill_at()
{
    const char* text = std::getenv("KILL_AT");
    return text ? text : "";
}

void die() { (void)::kill(::getpid(), SIGKILL); }

void say(std::string line)
{
    line += '\n';
    (void)!::write(STDOUT_FILENO, line.data(), line.size()); // at once, and whole: what died had said it
}

asio::awaitable<void> pause(std::chrono::milliseconds time)
{
    asio::steady_timer timer(co_await asio::this_coro::executor, time);
    co_await timer.async_wait(asio::use_awaitable);
}

asio::awaitable<void> die_after(std::chrono::milliseconds time)
{
    co_await pause(time);
    die();
}

class deadly_transport final : public transport {
public:
    asio::awaitable<transport_outcome> send(transport_request request) override
    {
        const auto executor = co_await asio::this_coro::executor;
        const bool sent = kill_at() == "bytes_sent";
        if (sent || kill_at() == "rotated") {
            const auto when = sent ? before_it_is_handled : between_rotation_and_answer;
            request.before_first_byte = [executor, when, asked = std::move(request.before_first_byte)] {
                const error_code ec = asked();
                if (!ec) asio::co_spawn(executor, die_after(when), asio::detached);
                return ec;
            };
        }
        transport_outcome outcome = co_await real_->send(std::move(request));
        if (kill_at() == "answer_read" && !outcome.ec && outcome.response.status() == 200) die();
        co_return outcome;
    }

private:
    std::shared_ptr<transport> real_ = make_http_transport();
};

class deadly_store final : public token_store {
public:
    explicit deadly_store(const std::string& path) : real_(make_sqlite_token_store({.path = path})) {}
    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        const auto what = command.what;
        store_reply reply = co_await real_->execute(std::move(key), std::move(command));
        const bool done = reply.outcome == store_reply::status::ok;
        if (done && what == store_command::kind::write_intent && kill_at() == "intent_written") die();
        if (done && what == store_command::kind::save_success && kill_at() == "committed") die();
        co_return reply;
    }

private:
    std::shared_ptr<token_store> real_;
};

struct program {
    explicit program(char** arguments) : input(context, ::dup(STDIN_FILENO)), url(arguments[2])
    {
        source_options options;
        options.allowed_origins = {arguments[3]};
        options.on_sign_in = [this] { return sign_in(); };
        options.service.store = std::make_shared<deadly_store>(arguments[4]);
        options.service.transport = std::make_shared<deadly_transport>();
        options.service.on_event = [this](const event& e) { note(e); };
        tokens = std::make_unique<token_source>(
            context.get_executor(), client_registration(arguments[1], "basic").client_secret_basic("basic-secret"),
            grant::refresh_token(arguments[5]), std::move(options));
        api = std::make_unique<http_client>(*tokens);
    }
    void note(const event& e)
    {
        if (e.what == event::kind::sign_in_required) {
            ++losses;
            lost = true;
            say("lost " + e.error.message());
        }
        if (e.what == event::kind::saved && lost) {
            lost = false;
            say("healed");
        }
    }
    asio::awaitable<token_set> sign_in()
    {
        const std::size_t length =
            co_await asio::async_read_until(input, asio::dynamic_buffer(line), '\n', asio::use_awaitable);
        const std::string token = line.substr(0, length - 1);
        line.erase(0, length);
        co_return token_set().refresh_token(token);
    }
    // Calls, and tells of each that failed for another reason than a lost grant.
    asio::awaitable<void> call_and_call()
    {
        while (!stop) {
            if (lost) {
                co_await pause(20ms);
                continue;
            }
            const unsigned losses_before = losses;
            std::string failure;
            try {
                const http_response r = co_await api->get(url);
                if (r.status() == 200)
                    ++calls;
                else
                    failure = "status " + std::to_string(r.status());
            } catch (const std::exception& e) {
                failure = e.what();
            }
            co_await pause(failure.empty() ? 20ms : 300ms); // the news of a loss may come after the call's end
            if (!failure.empty() && losses == losses_before) say("failed " + failure);
        }
        --running;
    }
    asio::awaitable<void> end_when_told()
    {
        asio::signal_set signals(context, SIGTERM);
        co_await signals.async_wait(asio::use_awaitable);
        stop = true;
        while (running > 0) co_await pause(5ms);
        co_await tokens->async_shutdown(10s, asio::use_awaitable);
        say("calls " + std::to_string(calls));
        api.reset();
        tokens.reset();
        input.close();
    }
    void run()
    {
        for (int i = 0; i < running; ++i) asio::co_spawn(context, call_and_call(), asio::detached);
        asio::co_spawn(context, end_when_told(), asio::detached);
        context.run();
    }

    asio::io_context context;
    asio::posix::stream_descriptor input;
    std::string line;
    const std::string url;
    std::unique_ptr<token_source> tokens;
    std::unique_ptr<http_client> api;
    int running = 20;
    unsigned losses = 0;
    unsigned long calls = 0;
    bool lost = false, stop = false;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc != 6) {
        std::cerr << "usage: kill_child TOKEN_ENDPOINT RESOURCE ORIGIN STORE REFRESH_TOKEN\n";
        return 2;
    }
    try {
        program(argv).run();
        return 0;
    } catch (const std::exception& e) {
        say(std::string("failed ") + e.what());
        return 1;
    }
}
