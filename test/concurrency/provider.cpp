// One provider for many threads: metadata and keys are asked for once, and each token is judged.

#include "flow/provider_state.hpp"
#include "support/fake_provider.hpp"

#include <afresh/sign_in_error.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace afresh;

namespace {

// The fake counts without a lock; here it is asked once at a time, since flights are shared.
struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    provider op{server->issuer, test::options_for(server)};
    core::id_token_expectation expected;
    std::string good, bad;

    world()
    {
        expected.issuer = server->issuer;
        expected.client_id = "client";
        good = server->id_token();
        bad = good;
        bad[bad.rfind('.') + 10] = bad[bad.rfind('.') + 10] == 'A' ? 'B' : 'A';
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(many_threads_share_what_was_fetched)
{
    world w;
    std::atomic<int> accepted{}, refused{};
    asio::thread_pool pool(4);
    for (int i = 0; i < 400; ++i)
        asio::co_spawn(pool, w.op.implementation()->verify(i % 2 ? w.bad : w.good, w.expected),
                       [&](const std::exception_ptr& e, const boost::json::object&) { ++(e ? refused : accepted); });
    pool.join();
    BOOST_TEST(accepted == 200);
    BOOST_TEST(refused == 200);
    BOOST_TEST(w.server->asked.at(w.server->issuer + "/jwks") == 1);
    BOOST_TEST(w.server->asked.at(w.server->issuer + "/.well-known/openid-configuration") == 1);
}

BOOST_AUTO_TEST_CASE(a_context_may_go_while_others_wait_for_its_flight)
{
    for (int steps = 0; steps < 8; ++steps) {
        world w;
        asio::io_context stays;
        bool told = false;
        {
            asio::io_context goes;
            for (int i = 0; i < 3; ++i)
                asio::co_spawn(goes, w.op.metadata(), [](const std::exception_ptr&, const server_metadata&) {});
            goes.poll_one(); // begins the flight
            asio::co_spawn(stays, w.op.metadata(),
                           [&](const std::exception_ptr&, const server_metadata&) { told = true; });
            stays.poll();
            for (int i = 0; i < steps; ++i) goes.poll_one();
        }
        stays.restart();
        stays.run();
        BOOST_TEST(told, steps);
        // And the next one is not kept from asking.
        bool good = false;
        asio::co_spawn(stays, w.op.metadata(), [&](const std::exception_ptr& e, const server_metadata&) { good = !e; });
        stays.restart();
        stays.run();
        BOOST_TEST(good, steps);
    }
}
