// Ways to a PostgreSQL, good and bad.

#include "support/child_process.hpp"
#include "support/postgres_fixture.hpp"
#include "support/relay.hpp"
#include "support/test_pki.hpp"

#include "store/postgres_addresses.hpp"

#include <boost/asio/detached.hpp>

#include <cstdlib>
#include <fstream>

using namespace afresh;
using namespace afresh::test;

BOOST_GLOBAL_FIXTURE(postgres_world);
BOOST_FIXTURE_TEST_SUITE(connecting, postgres_fixture)

BOOST_AUTO_TEST_CASE(a_host_may_be_a_name_an_address_or_the_path_of_a_socket)
{
    const std::string port = std::to_string(server.port());
    const std::string password = " user=afresh dbname=afresh password='it is a secret\\'s secret'";
    for (const std::string& conninfo :
         {server.conninfo(), server.socket_conninfo(), "host=localhost port=" + port + password,
          "host=nowhere.invalid hostaddr=127.0.0.1 port=" + port + password,
          "postgresql://afresh:it%20is%20a%20secret%27s%20secret@localhost:" + port + "/afresh"}) {
        options.conninfo = conninfo;
        BOOST_TEST(first().outcome == status::ok, conninfo);
    }
}

BOOST_AUTO_TEST_CASE(of_several_hosts_the_first_that_serves_is_taken)
{
    const std::string dead = std::to_string(free_port());
    options.conninfo = "host=nowhere.invalid,127.0.0.1,127.0.0.1 port=1," + dead + "," + std::to_string(server.port()) +
                       " user=afresh dbname=afresh password='it is a secret\\'s secret'";
    BOOST_TEST(first().outcome == status::ok);
}

BOOST_AUTO_TEST_CASE(a_host_that_is_silent_costs_its_connect_timeout_and_no_more)
{
    relay silent(server.port());
    silent.hold(true);
    options.connect_timeout = milliseconds(1500);
    options.conninfo = server.conninfo_at(silent.port());
    BOOST_TEST(says(problem(), "no answer in time"));
    options.conninfo = "host=127.0.0.1,127.0.0.1 port=" + std::to_string(silent.port()) + "," +
                       std::to_string(server.port()) +
                       " user=afresh dbname=afresh password='it is a secret\\'s secret'";
    BOOST_TEST(first().outcome == status::ok);
}

BOOST_AUTO_TEST_CASE(environment_and_service_files_count)
{
    const temp_directory directory;
    std::ofstream(directory / "services") << "[here]\nhost=127.0.0.1\nport=" << server.port()
                                          << "\nuser=afresh\ndbname=afresh\npassword=it is a secret's secret\n";
    ::setenv("PGSERVICEFILE", (directory / "services").c_str(), 1);
    options.conninfo = "service=here";
    BOOST_TEST(first().outcome == status::ok);
    ::unsetenv("PGSERVICEFILE");

    ::setenv("PGHOST", "127.0.0.1", 1);
    ::setenv("PGPORT", std::to_string(server.port()).c_str(), 1);
    ::setenv("PGPASSWORD", server.password().c_str(), 1);
    options.conninfo = "user=afresh dbname=afresh";
    BOOST_TEST(first().outcome == status::ok);
    for (const char* name : {"PGHOST", "PGPORT", "PGPASSWORD"}) ::unsetenv(name);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_said_and_the_password_is_not)
{
    options.conninfo = server.conninfo("password='another secret's'");
    BOOST_CHECK_THROW(store(), boost::system::system_error); // the quote ends the value
    options.conninfo = server.conninfo("password='another secret\\'s'");
    BOOST_TEST(says(problem(), "password authentication failed for user \"afresh\""));
    options.conninfo = server.conninfo("dbname=other");
    BOOST_TEST(says(problem(), "database \"other\" does not exist"));
    options.conninfo = server.conninfo_at(free_port());
    BOOST_TEST(says(problem(), "Connection refused"));
    options.conninfo = "host=nowhere.invalid";
    BOOST_TEST(says(problem(), "the name nowhere.invalid could not be looked up: "));
    options.conninfo = server.conninfo("options='-c default_transaction_read_only=on'");
    BOOST_TEST(says(problem(), "session is read-only"));
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_be_are_refused_without_repeating_them)
{
    const auto refusal = [&] {
        try {
            store();
        } catch (const boost::system::system_error& e) {
            BOOST_TEST((e.code() == errc::invalid_argument));
            return std::string(e.what());
        }
        return std::string("none");
    };
    for (const char* name : {"", "x;y", "A", "a.b.c", "1a", "a-b", ".a", "a."}) {
        options.table = name;
        BOOST_TEST(says(refusal(), "table: "), name);
    }
    options.table = std::string(49, 'a');
    BOOST_TEST(says(refusal(), "table: "));
    options.table = "t";
    options.conninfo = "host=a password='hush";
    BOOST_TEST(says(refusal(), "conninfo: "));
    BOOST_TEST(!says(refusal(), "hush"));
    options.conninfo = "host=a,b port=1,2,3";
    BOOST_TEST(says(refusal(), "conninfo: "));
    options.conninfo = server.conninfo();
    options.listen_conninfo = "no=such";
    BOOST_TEST(says(refusal(), "conninfo: "));
    options.listen_conninfo = "";
    options.connections = 0;
    BOOST_TEST(says(refusal(), "connections: "));
    options.connections = 1;
    options.statement_timeout = milliseconds(0);
    BOOST_TEST(says(refusal(), "statement_timeout: "));
    options.statement_timeout = seconds(1);
    options.connect_timeout = seconds(-1);
    BOOST_TEST(says(refusal(), "connect_timeout: "));
}

BOOST_AUTO_TEST_CASE(tls_is_checked_as_asked)
{
    test_pki pki;
    pki.issue("server", leaf{});
    pki.issue("stranger", leaf{.subject_alt_name = "DNS:elsewhere.example"});
    const auto serve_with = [&](const std::string& name) {
        for (const char* what : {".pem", ".key"}) {
            const std::string file = server.directory() + "/tls" + what;
            std::ofstream(file, std::ios::binary)
                << std::ifstream(what == std::string(".pem") ? pki.certificate_file(name) : pki.key_file(name)).rdbuf();
            ::chmod(file.c_str(), 0600);
            server.give(file);
        }
        server.stop();
        server.start();
    };
    server.sql("ALTER SYSTEM SET ssl_cert_file = '" + server.directory() + "/tls.pem'");
    server.sql("ALTER SYSTEM SET ssl_key_file = '" + server.directory() + "/tls.key'");
    server.sql("ALTER SYSTEM SET ssl = on");
    serve_with("server");
    options.conninfo = server.conninfo("sslmode=verify-full sslrootcert=" + pki.roots_file());
    const auto kept = store();
    BOOST_TEST(store_client(kept).ask(store_command()).outcome == status::ok);
    BOOST_TEST(server.sql("SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl AND "
                          "application_name = 'afresh'") != "0");

    serve_with("stranger");
    BOOST_TEST(says(problem(), "does not match host name \"127.0.0.1\""));
    const test_pki others;
    serve_with("server");
    options.conninfo = server.conninfo("sslmode=verify-full sslrootcert=" + others.roots_file());
    BOOST_TEST(says(problem(), "SSL error"));
    server.sql("ALTER SYSTEM RESET ALL");
    server.stop();
}

BOOST_AUTO_TEST_CASE(a_forked_child_is_told_to_make_the_store_again_and_the_parents_goes_on)
{
    const auto mine = store();
    store_client c(mine);
    c.begin();
    child_process child([&](int) {
        store_client theirs(mine);
        return theirs.does(store_command()) == status::failed ? 0 : 1;
    });
    BOOST_TEST(child.wait() == 0);
    BOOST_TEST(c.does(take("a")) == status::ok);
}

asio::awaitable<void> command(token_store* store, int& answers) // which lives as long as its context, not as we
{
    std::string key = "chain";
    store_command what = take("a");
    const store_reply reply = co_await store->execute(std::move(key), std::move(what));
    answers += reply.outcome == status::failed || reply.outcome == status::ok;
}

BOOST_AUTO_TEST_CASE(the_context_of_the_connections_may_end_at_any_moment)
{
    for (int steps = 0; steps < 60; steps += 3) {
        asio::io_context callers;
        int answers = 0;
        {
            asio::io_context connections;
            const auto s = make_postgres_token_store(connections.get_executor(), options);
            const auto watching = s->watch([](const std::string&) {});
            for (int i = 0; i < 6; ++i) asio::co_spawn(callers, command(s.get(), answers), asio::detached);
            callers.poll();
            for (int i = 0; i < steps; ++i) connections.run_one_for(milliseconds(100));
        }
        callers.run();
        BOOST_TEST(answers == 6);
    }
}

BOOST_AUTO_TEST_CASE(a_context_with_a_store_and_no_watcher_runs_out_of_work)
{
    asio::io_context both;
    const auto s = make_postgres_token_store(both.get_executor(), options);
    int answers = 0;
    auto watching = s->watch([](const std::string&) {});
    asio::co_spawn(both, command(s.get(), answers), asio::detached);
    while (answers == 0) both.run_one();
    watching.reset();
    BOOST_TEST(both.run_for(seconds(10)) < 1000u);
    BOOST_TEST(both.stopped());
}

BOOST_AUTO_TEST_SUITE_END()
