// Coroutines that wait for one token, released by one flight: the time from the saved answer to the last of them, and
// the memory of each. Against a bare timer that n coroutines wait for, Asio's own way to wait for an event, and Go.

#include "benchmarks.hpp"
#include "token_endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include <malloc.h>

namespace bench {
namespace {

using namespace std::chrono_literals;

// What is allocated now, with the allocator's own overhead.
double allocated()
{
    const auto m = mallinfo2();
    return static_cast<double>(m.uordblks + m.hblkhd);
}

struct crowd {
    int left;
    stopwatch released{};
    double ns = 0; // from the release to the last

    explicit crowd(int n) : left(n) {}
    void one_more()
    {
        if (--left == 0) ns = released.ns();
    }
};

// --- ours ---

// Notes when the answer has been saved.
class watched_store final : public afresh::token_store {
public:
    explicit watched_store(crowd& c) : crowd_(c) {}
    asio::awaitable<afresh::store_reply> execute(std::string key, afresh::store_command command) override
    {
        const bool answer = command.what == afresh::store_command::kind::save_success;
        afresh::store_reply reply = co_await memory_->execute(std::move(key), std::move(command));
        if (answer) crowd_.released = {};
        co_return reply;
    }

private:
    crowd& crowd_;
    const std::shared_ptr<afresh::token_store> memory_ = afresh::make_memory_token_store();
};

asio::awaitable<void> wait_for_token(const afresh::token_source& tokens, crowd& c)
{
    const afresh::access_token token = co_await tokens.get();
    keep(token);
    c.one_more();
}

std::vector<double> tokens(int n)
{
    crowd c(n);
    asio::io_context context(1);
    const auto endpoint = std::make_shared<token_endpoint>(token_endpoint::on_release);
    {
        const auto service = make_service(context.get_executor(), endpoint, std::make_shared<watched_store>(c));
        const afresh::token_source tokens = make_source(service, "one");
        const double before = allocated();
        for (int i = 0; i < n; ++i) asio::co_spawn(context, wait_for_token(tokens, c), asio::detached);
        while (endpoint->requests() == 0 || tokens.status().waiters < static_cast<std::size_t>(n)) context.poll();
        const double held = allocated() - before;
        endpoint->release();
        while (c.left > 0) context.run_one();
        return {c.ns / n, held / n, static_cast<double>(endpoint->requests())};
    }
}

// --- the limit ---

asio::awaitable<void> wait_for_timer(asio::steady_timer& timer, crowd& c)
{
    (void)co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    c.one_more();
}

std::vector<double> timer(int n)
{
    crowd c(n);
    asio::io_context context(1);
    asio::steady_timer timer(context, asio::steady_timer::time_point::max());
    const double before = allocated();
    for (int i = 0; i < n; ++i) asio::co_spawn(context, wait_for_timer(timer, c), asio::detached);
    context.poll();
    const double held = allocated() - before;
    c.released = {};
    timer.cancel();
    while (c.left > 0) context.run_one();
    return {c.ns / n, held / n};
}

// --- in turn, each in a process of its own ---

struct best {
    double ns = std::nan("");
    double bytes = std::nan("");
    double requests = 0; // the most

    void take(const std::vector<double>& sample)
    {
        if (sample.size() < 2) return;
        ns = std::fmin(ns, sample[0]);
        bytes = std::fmin(bytes, sample[1]);
        if (sample.size() > 2) requests = std::max(requests, sample[2]);
    }
};

void waiters(report& out, const std::string& go, int n, int rounds)
{
    best ours, bare, peer;
    for (int round = 0; round < rounds; ++round) {
        ours.take(in_child([n] { return tokens(n); }));
        bare.take(in_child([n] { return timer(n); }));
        if (!go.empty()) peer.take(ask(go + " waiters " + std::to_string(n)));
    }
    const std::string name = std::to_string(n) + " waiters, ";
    const auto add = [&](const char* what, const char* unit, double mine, const char* reference, double its,
                         target goal = {}) {
        out.add({"waiters", name + what, unit, mine, reference, its, goal});
    };
    add("release of each", "us", ours.ns / 1000, "a bare timer", bare.ns / 1000, value_at_most(0.4));
    add("release of each", "us", ours.ns / 1000, "Go x/oauth2", peer.ns / 1000);
    add("memory of each", "B", ours.bytes, "a bare timer", bare.bytes, value_at_most(1300));
    add("memory of each", "B", ours.bytes, "Go x/oauth2", peer.bytes);
    out.add({"waiters", name + "requests", "", ours.requests, "", {}, value_at_most(1)});
}

} // namespace

void waiters(report& out, const std::string& go)
{
    waiters(out, go, 100'000, 15);
    waiters(out, go, 1'000'000, 5);
}

} // namespace bench
