// A PostgreSQL that goes away, is slow, or is cut off at any byte: a command fails or succeeds, and never lies.

#include "support/postgres_fixture.hpp"
#include "support/relay.hpp"

#include <afresh/token_source.hpp>
#include <afresh/transport.hpp>

#include <boost/asio/io_context.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

using namespace afresh;
using namespace afresh::test;

namespace {

// What a store's watchers were told.
class notes {
public:
    token_store::change_handler handler()
    {
        return [this](const std::string& key) {
            const std::lock_guard lock(mutex_);
            heard_.push_back(key);
            came_.notify_all();
        };
    }
    bool wait_for(const std::string& key)
    {
        std::unique_lock lock(mutex_);
        return came_.wait_for(lock, seconds(20), [&] {
            const auto found = std::find(heard_.begin(), heard_.end(), key);
            if (found == heard_.end()) return false;
            heard_.erase(heard_.begin(), found + 1);
            return true;
        });
    }

private:
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<std::string> heard_;
};

} // namespace

BOOST_GLOBAL_FIXTURE(postgres_world);
BOOST_FIXTURE_TEST_SUITE(faults, postgres_fixture)

BOOST_AUTO_TEST_CASE(connections_that_died_while_idle_cost_nobody_anything)
{
    store_client c(store());
    c.begin();
    for (int i = 0; i < 3; ++i) {
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'afresh'");
        BOOST_TEST(c.does(take("a")) == status::ok);
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'afresh'");
        BOOST_TEST(c.does(store_command()) == status::ok);
    }
}

BOOST_AUTO_TEST_CASE(a_database_that_is_down_is_said_to_be_and_used_again_when_it_is_up)
{
    store_client c(store());
    c.begin();
    server.stop_at_once();
    BOOST_TEST(says(c.ask(take("a")).error_text, "cannot be reached"));
    server.start();
    BOOST_TEST(c.does(take("a")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_database_that_crashes_among_commands_loses_nothing_that_it_acknowledged)
{
    server.sql("ALTER SYSTEM SET fsync = on");
    server.stop();
    server.start();
    store_client(store()).begin();
    std::atomic<bool> stop{};
    std::atomic<std::uint64_t> acknowledged = 1;
    std::uint64_t tried = 1;
    std::thread writer([&] {
        store_client c(store());
        while (!stop) {
            const chain_record r = c.ask(store_command()).record;
            if (r.generation == 0) continue; // down
            const std::string sent(r.refresh_token.reveal());
            tried = r.generation + 1;
            if (c.does(save(0, r.generation, sent, "r" + std::to_string(tried), "a")) == status::ok)
                acknowledged = tried;
        }
    });
    for (int i = 0; i < 6; ++i) {
        const std::uint64_t before = acknowledged;
        std::this_thread::sleep_for(milliseconds(150));
        while (acknowledged == before) std::this_thread::sleep_for(milliseconds(1));
        server.stop_at_once();
        server.start();
    }
    while (acknowledged <= 20) std::this_thread::sleep_for(milliseconds(1)); // however slow the disk is
    stop = true;
    writer.join();
    const chain_record last = store_client(store()).record();
    BOOST_TEST(last.generation >= acknowledged);
    BOOST_TEST(last.generation <= tried);
    BOOST_TEST(acknowledged > 20u);
    server.sql("ALTER SYSTEM RESET ALL");
    server.stop();
}

BOOST_AUTO_TEST_CASE(a_row_that_somebody_keeps_locked_is_waited_for_no_longer_than_said)
{
    options.statement_timeout = milliseconds(200);
    store_client c(store());
    c.begin();
    std::thread holder(
        [&] { server.sql("BEGIN; SELECT 1 FROM " + options.table + " FOR UPDATE; SELECT pg_sleep(1.5); COMMIT"); });
    std::this_thread::sleep_for(milliseconds(500));
    const store_reply reply = c.ask(take("a"));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(says(reply.error_text, "see statement_timeout"));
    BOOST_TEST(c.does(store_command()) == status::ok); // readers wait for nobody
    holder.join();
    BOOST_TEST(c.does(take("a")) == status::ok);
}

// FAULTS A14: a process that is stopped between its two round trips keeps the row's lock, but not for long.
BOOST_AUTO_TEST_CASE(a_process_that_is_stopped_within_a_transaction_keeps_nobody_from_the_row)
{
    options.statement_timeout = milliseconds(400);
    store_client(store()).begin();
    relay between(server.port());
    postgres_store_options theirs = options;
    theirs.conninfo = server.conninfo_at(between.port());
    const auto stopped = make_postgres_token_store(world.threads.get_executor(), theirs);
    store_client slow(stopped);
    BOOST_TEST(slow.does(store_command()) == status::ok);
    between.let_through(relay::all, 40); // the lock is taken, and the answer cut
    BOOST_TEST(slow.does(take("a")) != status::fenced);
    store_client c(store());
    status s = status::failed;
    for (int i = 0; i < 20 && s == status::failed; ++i) s = c.does(take("b"));
    BOOST_TEST(s != status::failed);
}

BOOST_AUTO_TEST_CASE(a_relay_that_cuts_after_any_byte_makes_no_command_lie)
{
    store_client direct(store());
    direct.begin();
    relay between(server.port());
    options.conninfo = server.conninfo_at(between.port(), "sslmode=disable");
    const auto through = store();
    store_client c(through);
    BOOST_TEST(c.does(store_command()) == status::ok); // connected, and the tables are there
    const auto rotate = [&](const chain_record& now, const std::string& next) {
        return c.does(save(0, now.generation, std::string(now.refresh_token.reveal()), next, "a" + next));
    };
    between.let_through(relay::all, relay::all);
    rotate(direct.record(), "r2");
    const std::size_t most[2] = {between.to_server(), between.to_client()};
    BOOST_TEST(most[0] > 300u);
    int lost = 0, kept = 0, done = 0;
    for (int direction = 0; direction < 2; ++direction) {
        for (std::size_t n = 0; n < most[direction] + 20; n += direction == 0 ? 13 : 3) {
            const chain_record before = direct.record();
            BOOST_TEST(c.does(store_command()) == status::ok); // connected again
            between.let_through(direction == 0 ? n : relay::all, direction == 1 ? n : relay::all);
            const status s = rotate(before, "r" + std::to_string(before.generation + 2));
            between.let_through(relay::all, relay::all);
            const chain_record after = direct.record();
            const bool written = after.generation == before.generation + 1;
            BOOST_TEST((written || after == before));
            if (s == status::ok) BOOST_TEST(written);
            done += s == status::ok;
            kept += s == status::failed && written;
            lost += s == status::failed && !written;
        }
    }
    BOOST_TEST_MESSAGE("failed and not written " << lost << ", failed and written " << kept << ", ok " << done);
    BOOST_TEST(kept > 0);
    BOOST_TEST(done > 0);
}

BOOST_AUTO_TEST_CASE(others_hear_of_a_change_and_of_nothing_else)
{
    const auto mine = store();
    notes heard;
    const auto watching = mine->watch(heard.handler());
    BOOST_TEST(heard.wait_for("")); // it listens now
    store_client(mine, "chain").ask(store_command());
    store_client(mine, "quiet").ask(store_command());
    store_client theirs(store(), "chain");
    store_client(store(), "quiet").lease(); // no news for anybody
    store_client(store(), "unknown to the first").begin();
    theirs.begin();
    BOOST_TEST(heard.wait_for("chain"));
    const std::uint64_t fence = theirs.lease();
    theirs.does(with_fence(kind::sign_out, fence, 1));
    BOOST_TEST(heard.wait_for("chain"));
}

BOOST_AUTO_TEST_CASE(after_a_reconnect_anything_may_have_changed)
{
    const auto mine = store();
    notes heard;
    auto watching = mine->watch(heard.handler());
    store_client(mine).begin();
    BOOST_TEST(heard.wait_for(""));
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'afresh'");
    BOOST_TEST(heard.wait_for(""));
    server.stop_at_once();
    std::this_thread::sleep_for(milliseconds(300));
    server.start();
    BOOST_TEST(heard.wait_for(""));
    store_client theirs(store());
    const std::uint64_t fence = theirs.lease();
    theirs.does(with_fence(kind::sign_out, fence, 1));
    BOOST_TEST(heard.wait_for("chain"));
    watching.reset();
    for (int i = 0; i < 500 && server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") != "0";
         ++i)
        std::this_thread::sleep_for(milliseconds(10));
    BOOST_TEST(server.sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'") == "0");
}

BOOST_AUTO_TEST_CASE(A10_no_transaction_and_no_lock_is_held_while_the_token_request_is_under_way)
{
    struct onlooker final : transport {
        explicit onlooker(postgres_server& s) : server(s) {}
        asio::awaitable<transport_outcome> send(transport_request request) override
        {
            const error_code stop = request.before_first_byte();
            BOOST_TEST(!stop);
            const std::string ours = "FROM pg_stat_activity WHERE usename = 'afresh' AND state <> 'idle'";
            busy = server.sql("SELECT count(*) " + ours);
            locks =
                server.sql("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                           "WHERE a.usename = 'afresh' AND (l.mode <> 'AccessShareLock' OR l.locktype = 'advisory')");
            http_fields json;
            json.add("Content-Type", "application/json");
            http_response answer(
                200, std::move(json),
                R"({"access_token":"at","token_type":"Bearer","expires_in":3600,"refresh_token":"alice-1"})");
            co_return transport_outcome(std::move(answer));
        }
        postgres_server& server;
        std::string busy, locks;
    };
    const auto looks = std::make_shared<onlooker>(server);
    asio::io_context context;
    source_options options_of_it;
    options_of_it.service.transport = looks;
    options_of_it.service.store = store();
    error_code ec;
    {
        const token_source tokens(context.get_executor(), client_registration("https://as.example.com/token", "client"),
                                  grant::refresh_token("alice-0"), std::move(options_of_it));
        tokens.async_get([&](error_code told, afresh::access_token) {
            ec = told;
            tokens.close();
        });
        context.run();
    }
    BOOST_TEST(!ec, ec.message());
    BOOST_TEST(looks->busy == "0");
    BOOST_TEST(looks->locks == "0");
}

BOOST_AUTO_TEST_CASE(no_session_state_is_left_behind_for_a_pooler_to_mix_up)
{
    store_client c(store());
    c.begin();
    const std::string mine = "FROM pg_stat_activity WHERE usename = 'afresh' AND application_name = 'afresh'";
    BOOST_TEST(server.sql("SELECT count(*) > 0 " + mine) == "t");
    BOOST_TEST(server.sql("SELECT count(*) " + mine + " AND state <> 'idle'") == "0");
    BOOST_TEST(server.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0");
}

BOOST_AUTO_TEST_SUITE_END()
