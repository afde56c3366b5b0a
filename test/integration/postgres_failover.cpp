// A primary that crashes and a standby that takes its place (FAULTS A10, A12). A store that names both hosts goes on.

#include "support/postgres_fixture.hpp"
#include "support/scripted_transport.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct pair_of_servers {
    pair_of_servers()
    {
        options.conninfo =
            primary.conninfo("connect_timeout=2 host=127.0.0.1,127.0.0.1 port=" + std::to_string(primary.port()) + ',' +
                             std::to_string(standby.port()));
    }
    std::shared_ptr<token_store> store()
    {
        return make_postgres_token_store(postgres_world::here->threads.get_executor(), options);
    }
    // Each commit waits for the standby from here on.
    void synchronise()
    {
        primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.sql("SELECT pg_reload_conf()");
        for (int i = 0; i < 1000; ++i) {
            if (primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == "1") return;
            std::this_thread::sleep_for(10ms);
        }
        BOOST_FAIL("the standby is not synchronous");
    }

    // The standby has what has been committed.
    void catch_up()
    {
        const char* const even = "SELECT count(*) FROM pg_stat_replication WHERE replay_lsn >= pg_current_wal_lsn()";
        for (int i = 0; i < 1000; ++i) {
            if (primary.sql(even) == "1") return;
            std::this_thread::sleep_for(10ms);
        }
        BOOST_FAIL("the standby does not catch up");
    }

    postgres_server primary;
    postgres_server standby{postgres_server::standby_of{primary}};
    postgres_store_options options;
};

} // namespace

BOOST_GLOBAL_FIXTURE(postgres_world);

BOOST_AUTO_TEST_CASE(A10_with_a_synchronous_standby_a_fail_over_loses_nothing_that_was_acknowledged)
{
    pair_of_servers servers;
    servers.synchronise();
    store_client c(servers.store());
    c.begin("r1");
    std::uint64_t generation = 1;
    for (int i = 1; i <= 20; ++i, ++generation) {
        const std::uint64_t fence = c.lease("a", seconds(60));
        const std::string now = "r" + std::to_string(i), next = "r" + std::to_string(i + 1);
        BOOST_TEST(c.does(save(fence, generation, now, next, "a" + std::to_string(i))) == status::ok);
    }
    servers.primary.stop_at_once();
    const store_reply meanwhile = c.ask(take("b"));
    BOOST_TEST(meanwhile.outcome == status::failed); // a standby takes no writes
    BOOST_TEST(!meanwhile.error_text.empty());
    servers.standby.promote();
    BOOST_TEST(c.record().generation == generation);
    BOOST_TEST(c.record().refresh_token.reveal() == "r21");
    BOOST_TEST(c.does(take("b")) == status::ok);
}

BOOST_AUTO_TEST_CASE(A12_after_a_fail_over_that_lost_a_commit_the_newer_refresh_token_is_put_back)
{
    pair_of_servers servers;
    const auto server = std::make_shared<scripted_transport>();
    asio::io_context context;
    std::vector<event::kind> events;
    source_options options;
    options.service.transport = server;
    options.service.store = servers.store();
    options.service.on_event = [&](const event& e) { events.push_back(e.what); };
    const token_source tokens(context.get_executor(), client_registration("https://as.example.com/token", "client"),
                              grant::refresh_token("alice-0"), std::move(options));
    const auto run_until = [&](auto done) {
        const auto until = std::chrono::steady_clock::now() + 60s;
        while (!done() && std::chrono::steady_clock::now() < until) {
            context.restart();
            context.run_one_for(100ms);
        }
        BOOST_TEST(done());
    };
    const auto renew = [&] {
        std::optional<error_code> told;
        const auto held = tokens.try_get();
        tokens.async_renew_if_current(held ? *held : afresh::access_token(), "https://api.example.com",
                                      [&](error_code ec, afresh::access_token) { told = ec; });
        run_until([&] { return told.has_value(); });
        return told.value_or(errc::closed);
    };
    BOOST_TEST(!renew());
    // The standby hears of this one, and of no other.
    servers.catch_up();
    BOOST_TEST(servers.standby.sql("SELECT max(generation) FROM afresh_chain") == "2");
    servers.standby.stop();
    BOOST_TEST(!renew());
    BOOST_TEST(!renew());
    const std::string newest = server->current();
    BOOST_TEST(newest == "alice-3");
    servers.primary.stop_at_once();
    servers.standby.start();
    servers.standby.promote();
    BOOST_TEST(servers.standby.sql("SELECT max(generation) FROM afresh_chain") == "2");

    BOOST_TEST(!renew());
    BOOST_TEST(server->seen().reuses == 0u);
    BOOST_TEST((std::count(events.begin(), events.end(), event::kind::store_went_back) == 1));
    BOOST_TEST(server->current() == "alice-4");
    BOOST_TEST(store_client(servers.store(), "default").record().refresh_token.reveal() == "alice-4");
    tokens.close();
    context.restart();
    context.run_for(1s);
}
