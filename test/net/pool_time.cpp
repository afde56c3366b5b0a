// How long connections are kept: their age, their idle time, how many of them, and what an idle client leaves to do.
#include "net/pooled_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <thread>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct fixture : pooled_client {
    // Runs the context no longer than the call takes.
    error_code get(const std::string& url)
    {
        std::optional<error_code> ec;
        asio::co_spawn(context, client().send(http_request("GET", url)),
                       [&](const std::exception_ptr&, const transport_outcome& o) { ec = o.ec; });
        context.restart();
        while (!ec && context.run_one_for(10s) > 0) {
        }
        return ec.value_or(errc::closed);
    }
    // Whether nothing is left to do, at once.
    bool is_at_rest()
    {
        context.restart();
        context.run_for(200ms);
        return context.stopped();
    }
    std::size_t idle()
    {
        std::size_t n = 0;
        for (const auto& o : client().in_use()) n += o.idle;
        return n;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(pool_time, fixture)

BOOST_AUTO_TEST_CASE(a_connection_is_not_used_beyond_its_age)
{
    limits.age = 300ms;
    const raw_server server(keep_answering());
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < begin + 1s) BOOST_TEST(!get(server.url("/")));
    BOOST_TEST(server.connections() >= 2u); // never idle, and yet replaced
    BOOST_TEST(server.connections() <= 5u); // a tenth less at most
}

BOOST_AUTO_TEST_CASE(a_connection_is_not_used_when_it_was_idle_for_long)
{
    limits.idle = 100ms;
    raw_server server(keep_answering());
    BOOST_TEST(!get(server.url("/")));
    std::this_thread::sleep_for(150ms);
    BOOST_TEST(!get(server.url("/")));
    BOOST_TEST(server.connections() == 2u);
    BOOST_TEST(idle() == 1u);
}

BOOST_AUTO_TEST_CASE(when_too_many_are_idle_the_one_that_was_so_longest_is_closed)
{
    limits.idle_total = 2;
    raw_server first(keep_answering());
    const raw_server second(keep_answering());
    const raw_server third(keep_answering());
    BOOST_TEST(!get(first.url("/")));
    BOOST_TEST(!get(second.url("/")));
    BOOST_TEST(idle() == 2u);
    BOOST_TEST(!get(third.url("/")));
    BOOST_TEST(idle() == 2u);
    first.wait_until_all_closed();
    BOOST_TEST(!get(second.url("/")));
    BOOST_TEST(!get(third.url("/")));
    BOOST_TEST(second.connections() == 1u);
    BOOST_TEST(third.connections() == 1u);
    BOOST_TEST(!get(first.url("/"))); // and serves again
    BOOST_TEST(first.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(the_sweep_closes_what_nobody_asks_for_and_then_is_done)
{
    limits.background_sweep = true;
    limits.idle = 100ms;
    raw_server server(keep_answering());
    BOOST_TEST(!get(server.url("/")));
    context.restart();
    context.run_for(10s);
    BOOST_TEST(idle() == 0u);
    server.wait_until_all_closed();
    client().close();
    BOOST_TEST(is_at_rest());
}

BOOST_AUTO_TEST_CASE(without_a_sweep_an_idle_client_is_no_work)
{
    const raw_server server(keep_answering());
    BOOST_TEST(!get(server.url("/")));
    BOOST_TEST(is_at_rest());
    BOOST_TEST(idle() == 1u);
}

BOOST_AUTO_TEST_CASE(with_a_sweep_an_idle_client_is_work_until_it_is_closed_or_gone)
{
    limits.background_sweep = true;
    raw_server server(keep_answering());
    for (const bool closed : {true, false}) {
        BOOST_TEST(!get(server.url("/")));
        BOOST_TEST(!is_at_rest());
        if (closed)
            client().close();
        else
            made.reset();
        BOOST_TEST(is_at_rest()); // no timer of a connection is left either
        server.wait_until_all_closed();
        made.reset();
    }
}

BOOST_AUTO_TEST_SUITE_END()
