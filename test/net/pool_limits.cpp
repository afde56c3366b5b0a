// Many calls at once share the permitted connections of an origin, in order, and nobody is forgotten.
#include "net/pooled_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct fixture : pooled_client {
    transport_outcome get(const std::string& url)
    {
        const http_request request("GET", url);
        return run(context, client().send(request));
    }
};

// Collects what many calls at once came to.
struct crowd {
    fixture& f;
    std::vector<transport_outcome> outcomes;

    asio::awaitable<void> one(http_request request)
    {
        auto outcome = co_await f.client().send(request);
        outcomes.push_back(std::move(outcome));
    }
    void call(const std::string& url, int times)
    {
        for (int i = 0; i < times; ++i)
            asio::co_spawn(f.context, one(http_request("GET", url)), [](std::exception_ptr e) {
                if (e) std::rethrow_exception(e);
            });
    }
    long count(errc e) const
    {
        return std::count_if(outcomes.begin(), outcomes.end(), [&](const auto& o) { return o.ec == e; });
    }
    long answered() const
    {
        return std::count_if(outcomes.begin(), outcomes.end(),
                             [](const auto& o) { return !o.ec && o.response.status() == 200; });
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pool_limits, fixture)

BOOST_AUTO_TEST_CASE(a_crowd_shares_the_permitted_connections)
{
    limits.connections_per_origin = 4;
    const raw_server server(keep_answering());
    crowd c{*this, {}};
    c.call(server.url("/"), 100);
    context.run();
    BOOST_TEST(c.answered() == 100);
    BOOST_TEST(server.connections() <= 4u);
}

BOOST_AUTO_TEST_CASE(those_who_wait_too_long_are_told)
{
    limits.connections_per_origin = 1;
    limits.pool_wait = 100ms;
    limits.waiters_per_origin = 8;
    const raw_server server([](raw_peer& peer) {
        while (!peer.read_request().empty()) {
            peer.pause(500ms);
            peer.write(hello);
        }
    });
    crowd c{*this, {}};
    c.call(server.url("/"), 10);
    context.run();
    // one is served, eight wait in vain, and the one that finds the queue full does not even wait
    BOOST_REQUIRE(c.outcomes.size() == 10u);
    BOOST_TEST(c.outcomes.front().ec == errc::pool_timed_out);
    BOOST_TEST(c.count(errc::pool_timed_out) == 9);
    BOOST_TEST(c.answered() == 1);
    BOOST_TEST(!get(server.url("/")).ec); // nothing was lost on the way
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(those_who_wait_are_served_in_the_order_they_came)
{
    limits.connections_per_origin = 1;
    std::string order;
    const raw_server server([&](raw_peer& peer) {
        for (std::string r; !(r = peer.read_request()).empty();) {
            order += r.substr(r.find('/') + 1, 1);
            peer.write(order.size() % 3 ? hello : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }
    });
    crowd c{*this, {}};
    for (const char name : std::string_view("abcdefghij")) c.call(server.url(std::string("/") + name), 1);
    context.run();
    BOOST_TEST(c.answered() == 10);
    BOOST_TEST(order == "abcdefghij");
}

BOOST_AUTO_TEST_CASE(a_failed_connection_passes_the_turn_on)
{
    limits.connections_per_origin = 1;
    crowd c{*this, {}};
    c.call("http://127.0.0.1:" + std::to_string(unused_port()) + "/", 10);
    context.run();
    BOOST_TEST(c.count(errc::connect_failed) == 10);
}

BOOST_AUTO_TEST_CASE(no_more_than_the_permitted_connections_stay_idle)
{
    limits.idle_per_origin = 2;
    std::atomic<unsigned> arrived{};
    const raw_server server([&](raw_peer& peer) {
        while (!peer.read_request().empty()) {
            const unsigned mine = ++arrived; // all six must be open at once
            while (arrived < (mine + 5) / 6 * 6) peer.pause(1ms);
            peer.write(hello);
        }
    });
    crowd c{*this, {}};
    c.call(server.url("/"), 6);
    context.run();
    BOOST_TEST(c.answered() == 6);
    context.restart();
    c.call(server.url("/"), 6);
    context.run();
    BOOST_TEST(c.answered() == 12);
    BOOST_TEST(server.connections() == 6u + 4u);
}

BOOST_AUTO_TEST_SUITE_END()
