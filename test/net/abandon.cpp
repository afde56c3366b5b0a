// A context destroyed after any number of handlers, with or without its client, leaks nothing and touches nothing
// freed. What this proves it proves under AddressSanitizer; threads are for ThreadSanitizer.
#include "http/http1_client.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/test_pki.hpp"

#include <afresh/http_transport.hpp>

#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <optional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using http::http1_client;

namespace {

raw_server::script answer_slowly()
{
    return [](raw_peer& peer) {
        while (!peer.read_request().empty()) {
            peer.pause(1ms);
            peer.write(hello);
        }
    };
}

struct world {
    test_pki pki;
    raw_server plain{answer_slowly()};
    raw_server secure{answer_slowly(), (pki.issue("server", {}), pki.server("server"))};
    tls_options tls() const
    {
        tls_options o;
        o.trust_roots_file = pki.roots_file();
        return o;
    }
    std::vector<std::string> urls() const { return {plain.url("/", "localhost"), plain.url("/"), secure.url("/")}; }
};

asio::awaitable<void> three_calls(std::optional<http1_client>& client, http_request request, int& done)
{
    for (int i = 0; i < 3 && client; ++i) {
        const auto outcome = co_await client->send(request);
        if (!outcome.ec) ++done;
    }
}

// Runs so many handlers; says whether that was all.
bool run_some(asio::io_context& context, int handlers)
{
    for (int i = 0; i < handlers; ++i)
        if (context.run_one_for(2s) == 0) return true;
    return false;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(abandonment, world)

BOOST_AUTO_TEST_CASE(the_client_may_be_abandoned_after_any_handler)
{
    for (const bool client_first : {false, true}) {
        bool ended = false;
        for (int handlers = 0; !ended; handlers += handlers < 60 ? 1 : 7) {
            BOOST_REQUIRE(handlers < 2000);
            int done = 0;
            http_limits limits = without_sweep();
            limits.connections_per_origin = 2; // so that some wait
            std::optional<http1_client> client;
            {
                asio::io_context context;
                client.emplace(context.get_executor(), tls(), limits);
                for (const auto& url : urls())
                    for (int i = 0; i < 3; ++i)
                        asio::co_spawn(context, three_calls(client, http_request("GET", url), done),
                                       [](std::exception_ptr) {});
                ended = run_some(context, handlers);
                if (client_first) client.reset();
                if (client_first && handlers % 2 == 0) context.run_for(1ms);
                if (ended) BOOST_TEST(done == 27);
                if (!client_first) client.reset();
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_transport_may_be_abandoned_after_any_handler)
{
    const auto transport = make_http_transport(tls());
    bool ended = false;
    for (int handlers = 0; !ended; ++handlers) {
        BOOST_REQUIRE(handlers < 1000);
        int done = 0;
        asio::io_context context;
        for (const auto& url : urls())
            asio::co_spawn(context, transport->send(transport_request(http_request("POST", url))),
                           [&](std::exception_ptr, transport_outcome o) { done += !o.ec; });
        ended = run_some(context, handlers);
        if (ended) BOOST_TEST(done == 3);
    }
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_tells_those_who_wait)
{
    asio::io_context context;
    http_limits limits = without_sweep();
    limits.connections_per_origin = 1;
    std::optional<http1_client> client;
    client.emplace(context.get_executor(), tls(), limits);
    const http_request request("GET", plain.url("/"));
    std::vector<error_code> outcomes;
    for (int i = 0; i < 3; ++i)
        asio::co_spawn(context, client->send(request),
                       [&](std::exception_ptr, transport_outcome o) { outcomes.push_back(o.ec); });
    context.poll();
    client.reset();
    context.run_for(5s);
    BOOST_REQUIRE(outcomes.size() == 3u);
    BOOST_TEST((outcomes[0] == errc::closed));
    BOOST_TEST((outcomes[1] == errc::closed));
    BOOST_TEST(!outcomes[2]); // under way: goes on
}

BOOST_AUTO_TEST_CASE(many_threads_of_a_pool_may_send_at_once)
{
    asio::thread_pool pool(4);
    http_limits limits;
    limits.connections_per_origin = 8;
    limits.first_byte = 2ms; // many calls end by the timer, in the middle of anything
    limits.idle = 5ms;
    http1_client client(pool.get_executor(), tls(), limits);
    std::atomic<int> ended{};
    for (const auto& url : urls())
        for (int i = 0; i < 60; ++i) {
            http_request request("GET", url);
            const auto one = [](http1_client& c, http_request r, std::atomic<int>& n) -> asio::awaitable<void> {
                for (int k = 0; k < 5; ++k) (void)co_await c.send(r);
                ++n;
            };
            if (i % 2 == 0)
                asio::co_spawn(pool, one(client, std::move(request), ended), [](std::exception_ptr) {});
            else
                asio::co_spawn(asio::make_strand(pool), one(client, std::move(request), ended),
                               [](std::exception_ptr) {});
        }
    pool.join();
    BOOST_TEST(ended == 180);
}

BOOST_AUTO_TEST_SUITE_END()
