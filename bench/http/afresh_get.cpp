// GETs with Afresh. Modes:
//   --token     with a fresh token on each request, which is what the others are compared to; also without a mode
//   --no-token  a client without tokens; the Authorization field that the server asks for is in the request already
//   --rotate    as --token, while another token takes its place every second

#include "../token_endpoint.hpp"
#include "meter.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <utility>

namespace asio = boost::asio;

namespace {

// --- one call, in each mode ---

struct with_token {
    afresh::http_client api;
    std::string url;
    asio::awaitable<bool> operator()()
    {
        const auto answer = co_await api.get(url);
        co_return answer.status() == 200;
    }
};

struct without_token {
    afresh::http_client api;
    afresh::http_request request;
    asio::awaitable<bool> operator()()
    {
        const auto answer = co_await api.request(request);
        co_return answer.status() == 200;
    }
};

template <class Call>
asio::awaitable<void> caller(Call& call, bench::meter& m)
{
    bool first = true;
    while (m.goes_on()) {
        bool good = false;
        try {
            good = co_await call();
        } catch (const std::exception& e) {
            if (first) std::fprintf(stderr, "%s\n", e.what());
        }
        m.count(std::exchange(first, false), good);
        if (!good) co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable); // others have a turn
    }
}

// A source in use has a timer, which keeps the context running.
template <class Call>
void run(asio::io_context& context, Call call, const bench::load& load)
{
    bench::meter m(load);
    int callers = load.connections;
    for (int i = 0; i < load.connections; ++i)
        asio::co_spawn(context, caller(call, m), [&](std::exception_ptr) {
            if (--callers == 0) context.stop();
        });
    context.run();
    m.print();
}

// --- tokens ---

afresh::token_set numbered(int n)
{
    std::string access = bench::sample_token;
    const std::string number = std::to_string(10'000 + n);
    access.replace(7, 4, number, 1, 4);
    return afresh::token_set()
        .access_token(afresh::secret_string(std::move(access)))
        .refresh_token(afresh::secret_string("refresh-" + number))
        .expires_in(std::chrono::hours(1));
}

asio::awaitable<void> sign_in(const afresh::token_source& tokens)
{
    auto first = numbered(1);
    co_await tokens.set_tokens(std::move(first));
}

asio::awaitable<void> rotate(const afresh::token_source& tokens)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (int n = 2;; ++n) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        auto next = numbered(n);
        co_await tokens.set_tokens(std::move(next));
    }
}

} // namespace

int main(int count, char** arguments)
{
    const bench::load load(count, arguments);
    std::thread([] {}).join(); // a program of one thread counts references without atomics: no such program is meant

    afresh::http_client_options options;
    options.tls.trust_roots_file = load.ca_file;
    options.limits.connections_per_origin = static_cast<std::size_t>(load.connections);
    options.limits.idle_per_origin = options.limits.idle_total = options.limits.connections_per_origin;

    asio::io_context context(1);
    const auto service = bench::make_service(context.get_executor(), std::make_shared<bench::token_endpoint>());
    const auto tokens = bench::make_source(service, "principal", {load.url});
    asio::co_spawn(context, sign_in(tokens), [&](std::exception_ptr e) {
        if (e) std::rethrow_exception(e);
        context.stop();
    });
    context.run();
    context.restart();

    if (load.mode == "rotate") asio::co_spawn(context, rotate(tokens), asio::detached);
    if (load.mode.empty() || load.mode == "token" || load.mode == "rotate")
        run(context, with_token{{tokens, options}, load.url}, load);
    else if (load.mode == "no-token") {
        afresh::http_request request("GET", load.url);
        request.field("Authorization", std::string("Bearer ") + bench::sample_token);
        run(context, without_token{{context.get_executor(), options}, std::move(request)}, load);
    } else {
        std::fprintf(stderr, "no such mode: --%s\n", load.mode.c_str());
        return 2;
    }
}
