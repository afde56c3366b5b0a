// The tables of a PostgreSQL store, and who may use them.

#include "support/postgres_fixture.hpp"

#include "store/postgres_table.hpp"

#include <thread>
#include <vector>

using namespace afresh;
using namespace afresh::test;

BOOST_GLOBAL_FIXTURE(postgres_world);
BOOST_FIXTURE_TEST_SUITE(schema, postgres_fixture)

BOOST_AUTO_TEST_CASE(many_that_come_first_make_one_set_of_tables)
{
    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] { good += store_client(store()).does(take("a")) != status::failed; });
    for (std::thread& t : threads) t.join();
    BOOST_TEST(good == 8);
    BOOST_TEST(server.sql("SELECT version FROM " + options.table + "_version") == "2");
}

BOOST_AUTO_TEST_CASE(an_older_schema_is_brought_up_to_date_and_keeps_its_chains)
{
    {
        store_client old(store());
        old.begin("r7");
    }
    server.sql("DROP TABLE " + options.table + "_sealing; UPDATE " + options.table + "_version SET version = 1");
    BOOST_TEST(store_client(store()).record().refresh_token.reveal() == "r7");
    BOOST_TEST(server.sql("SELECT version FROM " + options.table + "_version") == "2");
}

BOOST_AUTO_TEST_CASE(a_newer_schema_is_left_alone)
{
    store_client(store()).begin();
    server.sql("UPDATE " + options.table + "_version SET version = 3");
    BOOST_TEST(says(problem(), "was made by a newer version of Afresh"));
}

BOOST_AUTO_TEST_CASE(a_schema_may_be_named)
{
    server.sql("CREATE SCHEMA tokens AUTHORIZATION afresh");
    options.table = "tokens.chains";
    store_client(store()).begin();
    BOOST_TEST(server.sql("SELECT count(*) FROM tokens.chains") == "1");
}

BOOST_AUTO_TEST_CASE(who_may_not_make_tables_is_told_what_to_have_made)
{
    server.sql("CREATE SCHEMA locked");
    options.table = "locked.chain";
    const std::string text = problem();
    BOOST_TEST(says(text, "permission denied for schema locked"));
    server.sql("GRANT USAGE ON SCHEMA locked TO afresh");
    BOOST_TEST(says(problem(), "CREATE TABLE"));
    const std::string ddl = problem();
    server.sql(ddl.substr(ddl.find("CREATE TABLE")));
    BOOST_TEST(says(problem(), "grant SELECT, INSERT and UPDATE"));
    server.sql("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA locked TO afresh");
    store_client(store()).begin();
    BOOST_TEST(store_client(store()).record().generation == 1u);
}

BOOST_AUTO_TEST_CASE(tables_that_are_dropped_are_made_again)
{
    store_client c(store());
    c.begin();
    const std::string& t = options.table;
    server.sql("DROP TABLE " + t + ", " + t + "_version, " + t + "_sealing");
    BOOST_TEST(c.ask(store_command()).outcome == status::failed);
    const store_reply reply = c.ask(store_command());
    BOOST_TEST(reply.outcome == status::ok);
    BOOST_TEST(!reply.found);
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_said_to_be_one_and_never_taken_for_none)
{
    store_client c(store());
    c.begin();
    server.sql("UPDATE " + options.table + " SET generation = 7");
    const store_reply reply = c.ask(take("a"));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(says(reply.error_text, "has a record that cannot be read: it is damaged"));
}

BOOST_AUTO_TEST_CASE(a_commit_is_on_disk_whatever_the_role_is_set_to)
{
    server.sql("ALTER ROLE afresh SET synchronous_commit = off");
    store_client c(store());
    c.begin();
    // With `off` the server would answer before it writes: what it must flush is behind what it has written.
    const std::string lag = "SELECT pg_current_wal_insert_lsn() - pg_current_wal_flush_lsn()";
    for (int i = 0; i < 20; ++i) {
        c.lease("holder" + std::to_string(i), milliseconds(0));
        BOOST_TEST(server.sql(lag) == "0");
    }
    server.sql("ALTER ROLE afresh RESET synchronous_commit");
}

// --- sealing ---

key_ring keys(const std::string& id, char c) { return key_ring(id, std::string(32, c)); }

BOOST_AUTO_TEST_CASE(B12_a_sealed_table_shows_no_token_and_opens_with_its_keys_only)
{
    options.keys = keys("k1", 'x');
    store_client(store()).begin("a refresh token");
    BOOST_TEST(server.sql("SELECT record FROM " + options.table).find("a refresh token") == std::string::npos);
    BOOST_TEST(store_client(store()).record().refresh_token.reveal() == "a refresh token");
    options.keys = keys("k1", 'y');
    BOOST_TEST(says(problem(), "was sealed with another key 'k1'"));
    options.keys = keys("k2", 'y');
    BOOST_TEST(says(problem(), "has records sealed with the key 'k1', which is not in the key ring"));
    options.keys = {};
    BOOST_TEST(says(problem(), "is sealed; give the store the key ring"));
}

BOOST_AUTO_TEST_CASE(an_open_table_is_sealed_when_keys_come_and_open_processes_are_refused)
{
    store_client open(store());
    open.begin("a refresh token");
    options.keys = keys("k1", 'x');
    BOOST_TEST(store_client(store()).record().refresh_token.reveal() == "a refresh token");
    BOOST_TEST(server.sql("SELECT record FROM " + options.table).find("refresh") == std::string::npos);
    const store_reply reply = open.ask(take("a"));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(store_client(store()).record().holder.owner.empty());
}

BOOST_AUTO_TEST_CASE(a_new_key_seals_what_is_written_next)
{
    options.keys = keys("k1", 'x');
    store_client(store()).begin();
    options.keys = keys("k2", 'y').add("k1", std::string(32, 'x'));
    const auto both = store();
    store_client(both).lease("a");
    options.keys = keys("k2", 'y');
    BOOST_TEST(store_client(store()).record().refresh_token.reveal() == "r1");
}

BOOST_AUTO_TEST_CASE(rows_that_are_swapped_do_not_open)
{
    options.keys = keys("k1", 'x');
    const auto s = store();
    store_client(s, "one").begin("r1");
    store_client(s, "two").begin("r2");
    server.sql("UPDATE " + options.table + " SET record = (SELECT record FROM " + options.table +
               " WHERE key = 'one') WHERE key = 'two'");
    BOOST_TEST(store_client(s, "two").ask(store_command()).outcome == status::failed);
    BOOST_TEST(store_client(s, "one").ask(store_command()).outcome == status::ok);
}

BOOST_AUTO_TEST_SUITE_END()
