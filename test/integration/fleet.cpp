// Processes that share one chain are killed and stopped at any moment, over a server that loses answers: no grant is
// lost that could have been kept, and no generation goes back.
//   fleet [Boost.Test arguments] -- KILLS PROCESSES SEED

#include "support/fleet.hpp"
#include "support/store_client.hpp"
#include "support/store_of.hpp"
#include "support/temp_directory.hpp"
#ifdef AFRESH_TEST_POSTGRES
#include "support/postgres_server.hpp"
#include "support/relay.hpp"
#endif

#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <optional>
#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

using clock_type = std::chrono::steady_clock;

std::size_t argument(int which, std::size_t otherwise)
{
    const auto& suite = boost::unit_test::framework::master_test_suite();
    return suite.argc > which ? std::strtoul(suite.argv[which], nullptr, 10) : otherwise;
}

struct tested_fleet : fleet {
    tested_fleet(std::string s, simulation::reuse_rule rule, fault_server::rates rates, std::size_t size,
                 std::uint64_t seed)
        : fleet({FLEET_CHILD, s}, habits(rule), rates, size, seed), store(std::move(s))
    {
    }

    static simulation::server_habits habits(simulation::reuse_rule rule)
    {
        simulation::server_habits h;
        h.rule = rule;
        h.grace = 10s;
        h.lifetime = 1s;
        return h;
    }
    // Everything is well again: all have the same generation, and it is the newest.
    void come_to_rest()
    {
        server.be_kind();
        listen_to_all(3s);
        asio::thread_pool connections(1);
        const auto s = store_of(store, connections.get_executor());
        chain_record last = store_client(s, "default").record();
        // A grant that was lost at the very end: somebody signs in, or waits for the claim of one who was killed meanwhile.
        for (int i = 0; i < 60 && last.state != grant_state::live; ++i) {
            listen_to_all(1s);
            last = store_client(s, "default").record();
        }
        BOOST_TEST((last.state == grant_state::live));
        BOOST_TEST(last.generation >= newest);
    }

    void report(const char* name)
    {
        const fault_server::ledger l = server.totals();
        std::printf(
            "%s: %zu processes, %zu kills, %zu stops in %.0f s; %zu token requests = %zu rotations + %zu others "
            "(%zu injected faults, %zu refused); %zu grants lost where the server's rules make it unavoidable, %zu "
            "avoidably; %zu overlaps; %zu callers failed\n",
            name, members.size(), kills, stops, std::chrono::duration<double>(clock_type::now() - began).count(),
            l.requests, l.rotations, l.requests - std::min(l.rotations, l.requests), l.injected, l.refused,
            l.lost_families - std::min(l.avoidable, l.lost_families), l.avoidable, l.overlaps, failed);
        if (const char* picture = std::getenv("FLEET_SVG")) times.write(picture, members.size(), 0, 20);
        std::string said;
        for (const std::string& n : l.notes) said += n + '\n';
        if (l.avoidable || l.overlaps || std::getenv("FLEET_NOTES"))
            for (const std::string& n : notes) said += n + '\n';
        if (std::getenv("FLEET_NOTES")) std::puts(said.c_str());
        BOOST_TEST(l.avoidable == 0u, said);
        BOOST_TEST(l.overlaps == 0u, said);
        BOOST_TEST(l.rotations > 0u);
    }

    const std::string store;
};

fault_server::rates trouble()
{
    fault_server::rates r;
    r.unseen = r.lost = r.torn = 0.03;
    r.throttled = r.failed = 0.02;
    r.late = 0.01;
    r.slow = 0.1;
    return r;
}

std::size_t kills() { return argument(1, 60); }
std::size_t processes() { return argument(2, 12); }
std::uint64_t seed() { return argument(3, 1); }

void over_sqlite(const char* name, simulation::reuse_rule rule)
{
    const temp_directory directory;
    tested_fleet f("sqlite:" + (directory / "store"), rule, trouble(), processes(), seed());
    std::size_t full = 0;
    const auto limit_all = [&f](std::optional<std::uint64_t> bytes) {
        for (auto& m : f.members) m.program->limit_files(bytes);
    };
    f.torment(kills(), 300ms, [&] { // and now and then the disk is full for a while
        if (f.below(15) != 0) return;
        limit_all(4096);
        f.listen_to_all(std::chrono::milliseconds(f.below(1500)));
        limit_all(std::nullopt);
        ++full;
    });
    f.come_to_rest();
    f.report(name);
    std::printf("  the disk was full %zu times\n", full);
    const auto l = f.server.totals();
    if (rule != simulation::reuse_rule::strict) BOOST_TEST(l.lost_families == 0u);
}

} // namespace

BOOST_AUTO_TEST_CASE(sqlite_at_a_server_with_a_grace)
{
    over_sqlite("SQLite, grace", simulation::reuse_rule::same_successor);
}

BOOST_AUTO_TEST_CASE(sqlite_at_a_strict_server) { over_sqlite("SQLite, strict", simulation::reuse_rule::strict); }

// Nobody dies, and nothing is lost: one request for each generation.
BOOST_AUTO_TEST_CASE(sqlite_without_faults)
{
    const temp_directory directory;
    tested_fleet f("sqlite:" + (directory / "store"), simulation::reuse_rule::strict, {}, argument(2, 8), seed());
    for (int i = 0; i < 50; ++i) f.listen_to_all(100ms);
    f.come_to_rest();
    f.report("SQLite, calm");
    const auto l = f.server.totals();
    BOOST_TEST(l.requests == l.rotations);
    BOOST_TEST(l.lost_families == 0u);
    BOOST_TEST(f.failed == 0u);
}

#ifdef AFRESH_TEST_POSTGRES
namespace {

// The database is stopped as by a crash, and connections to it are cut.
void over_postgres(const char* name, simulation::reuse_rule rule)
{
    postgres_server database("fsync = on");
    relay between(database.port());
    tested_fleet f("postgres:" + database.conninfo_at(between.port()), rule, trouble(), processes(), seed());
    std::size_t stops = 0, cuts = 0;
    f.torment(kills() / 2, 9s, [&] {
        if (f.below(10) == 0) {
            for (auto& m : f.members) f.server.hurt(m.life); // an answer may come while nothing can be saved
            database.stop_at_once();
            database.start();
            ++stops;
        } else if (f.below(10) == 0) {
            between.cut();
            ++cuts;
        }
    });
    f.come_to_rest();
    f.report(name);
    std::printf("  the database was stopped %zu times, connections were cut %zu times\n", stops, cuts);
    if (rule != simulation::reuse_rule::strict) BOOST_TEST(f.server.totals().lost_families == 0u);
}

} // namespace

BOOST_AUTO_TEST_CASE(postgres_at_a_server_with_a_grace)
{
    over_postgres("PostgreSQL, grace", simulation::reuse_rule::same_successor);
}

BOOST_AUTO_TEST_CASE(postgres_at_a_strict_server)
{
    over_postgres("PostgreSQL, strict", simulation::reuse_rule::strict);
}

BOOST_AUTO_TEST_CASE(postgres_without_faults)
{
    const postgres_server database;
    tested_fleet f("postgres:" + database.conninfo(), simulation::reuse_rule::strict, {}, argument(2, 8), seed());
    for (int i = 0; i < 50; ++i) f.listen_to_all(100ms);
    f.come_to_rest();
    f.report("PostgreSQL, calm");
    const auto l = f.server.totals();
    BOOST_TEST(l.requests == l.rotations);
    BOOST_TEST(l.lost_families == 0u);
    BOOST_TEST(f.failed == 0u);
}
#endif
