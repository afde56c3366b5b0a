// Two services that share a store, as two processes do: what one of them gets, the other one has, without a request.

#include "store/sqlite_handle.hpp"
#include "support/print_errc.hpp"
#include "support/stage.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct member {
    member(stage& s, std::shared_ptr<token_store> store, std::shared_ptr<transport> server,
           refresh_policy policy = {.forced_burst = 1000})
    {
        source_options options;
        options.service.store = std::move(store);
        options.service.transport = std::move(server);
        options.service.policy = policy;
        options.service.on_event = [this](const event& e) { events.push_back(e.what); };
        tokens.emplace(s.context.get_executor(), stage::client(), grant::refresh_token("alice-0"), std::move(options));
    }
    std::uint64_t generation() const
    {
        const auto held = tokens->try_get();
        return held ? held->generation() : 0;
    }
    std::size_t count(event::kind what) const
    {
        return static_cast<std::size_t>(std::count(events.begin(), events.end(), what));
    }

    std::vector<event::kind> events;
    std::optional<token_source> tokens;
};

// Time is the machine's: SQLite tells by the file.
struct two : stage {
    two() : stage(system_clocks()) {}

    void get(member& m)
    {
        run([](token_source t) -> asio::awaitable<void> { co_await t.get(); }(*m.tokens));
    }
    std::shared_ptr<token_store> open(bool set_aside_damaged = false)
    {
        sqlite_store_options options;
        options.path = directory / "store";
        options.set_aside_damaged = set_aside_damaged;
        return make_sqlite_token_store(std::move(options));
    }

    temp_directory directory;
};

} // namespace

BOOST_AUTO_TEST_SUITE(fleet)

BOOST_FIXTURE_TEST_CASE(a_new_generation_reaches_the_others_without_a_request, two)
{
    member a(*this, open(), server), b(*this, open(), server);
    get(a);
    get(b);
    BOOST_TEST(server->requests() == 1u);
    std::vector<double> took;
    for (int i = 0; i < 30; ++i) {
        std::optional<error_code> renewed;
        a.tokens->async_renew_if_current(*a.tokens->try_get(), "https://api.example.com",
                                         [&](error_code ec, access_token) { renewed = ec; });
        BOOST_TEST(run_until([&] { return renewed.has_value(); }));
        BOOST_TEST(!*renewed);
        const auto began = std::chrono::steady_clock::now();
        BOOST_TEST(run_until([&] { return b.generation() == a.generation(); }));
        took.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
    }
    BOOST_TEST(server->requests() == 31u);
    BOOST_TEST(run_until([&] { return b.count(event::kind::adopted) >= 30; })); // it is told a moment later
    BOOST_TEST(a.count(event::kind::adopted) == 0u);
    std::sort(took.begin(), took.end());
    BOOST_TEST_MESSAGE("from the answer to the other one's adoption: median " << took[15] << " ms, slowest " << took[29]
                                                                              << " ms");
}

BOOST_FIXTURE_TEST_CASE(a_sign_out_reaches_the_others_at_once, two)
{
    member a(*this, open(), server), b(*this, open(), server);
    get(a);
    get(b);
    std::optional<error_code> ended;
    a.tokens->async_sign_out([&](error_code ec) { ended = ec; });
    BOOST_TEST(run_until([&] { return ended && b.tokens->status().state == source_state::refused; }));
    BOOST_TEST(!*ended);
    BOOST_TEST(b.generation() == 0u);
    BOOST_TEST(run_until([&] { return b.count(event::kind::signed_out) == 1; })); // it is told a moment later
    BOOST_TEST(b.count(event::kind::sign_in_required) == 0u);                     // nobody has asked for a token since
    BOOST_TEST(server->revoked().size() == 1u);
    // And so does the next sign-in.
    std::optional<error_code> set;
    b.tokens->async_set_tokens(token_set().refresh_token("bob-0"), [&](error_code ec) { set = ec; });
    BOOST_TEST(run_until([&] { return set.has_value(); }));
    get(b);
    BOOST_TEST(run_until([&] { return a.generation() == b.generation(); }));
}

// Every page of the file is overwritten.
BOOST_FIXTURE_TEST_CASE(A4_processes_whose_file_is_damaged_go_on_with_what_they_know, two)
{
    member a(*this, open(true), server), b(*this, open(true), server);
    get(a);
    get(b);
    store::sqlite_handle(directory / "store", 1s).run("PRAGMA wal_checkpoint(TRUNCATE)");
    {
        std::fstream file(directory / "store", std::ios::binary | std::ios::in | std::ios::out);
        for (int page = 0; page < 5; ++page) file << std::string(4096, '?');
    }
    BOOST_TEST(!!a.tokens->try_get()); // served meanwhile
    std::optional<error_code> renewed;
    a.tokens->async_renew_if_current(*a.tokens->try_get(), "https://api.example.com",
                                     [&](error_code ec, access_token) { renewed = ec; });
    BOOST_TEST(run_until([&] { return renewed.has_value(); }, 1'000'000));
    BOOST_TEST(!*renewed, renewed->message());
    BOOST_TEST(run_until([&] { return b.generation() == a.generation(); }));
    BOOST_TEST(
        run_until([&] { return a.count(event::kind::store_went_back) + b.count(event::kind::store_went_back) >= 1; }));
    BOOST_TEST(server->requests() == 2u);
    BOOST_TEST(server->seen().reuses == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_context_has_no_work_left_when_its_sources_are_closed, two)
{
    member a(*this, open(), server), b(*this, open(), server);
    get(a);
    a.tokens->close();
    b.tokens->close();
    context.restart();
    context.run_for(10s);
    BOOST_TEST(context.stopped());
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

stored_token access_token_of(const chain_record& like, const std::string& text)
{
    stored_token t = like.tokens.at(0);
    t.access_token = text;
    t.obtained_at += 1h;
    t.expires_at = t.obtained_at + 1h;
    return t;
}

// The other process is played by the test: it asks the same store.
struct beside_another : stage {
    void get(token_source& t)
    {
        run([](token_source s) -> asio::awaitable<void> { co_await s.get(); }(t));
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(beside_another_process)

// The holder lost its lease while its request was under way, another process was faster, and the server refuses the
// first: nobody is sent to sign in.
BOOST_FIXTURE_TEST_CASE(A7_a_refusal_after_the_lease_was_lost_adopts_the_others_generation, beside_another)
{
    server->lifetime = 100s;
    server->plan([](unsigned number) -> request_fate {
        if (number == 2) return {.end = request_fate::kind::refused};
        return {};
    });
    store->plan([](unsigned, const store_command& c) -> store_fate {
        if (c.what == store_command::kind::renew_lease) return {.end = store_fate::kind::fails};
        return {};
    });
    token_source mine = source();
    get(mine);
    time->pass(200s);
    server->steps_each = 500; // a slow one
    std::optional<error_code> told;
    access_token token;
    mine.async_get(get_options().max_wait(120s), [&](error_code ec, access_token t) {
        told = ec;
        token = std::move(t);
    });
    BOOST_TEST(run_until([&] { return server->bytes_sent() == 2; }));
    const chain_record before = store->record();
    store_command take(store_command::kind::take_lease);
    take.owner = "another";
    take.ttl = 6s;
    time->pass(7s); // the lease is over
    BOOST_TEST((ask(take).outcome == store_reply::status::ok));
    store_command save(store_command::kind::save_success);
    save.generation = before.generation;
    save.rt_hash = before.rt_hash;
    save.new_refresh_token = "alice-2";
    save.new_rt_hash = "#alice-2";
    save.token = access_token_of(before, "of the other process");
    BOOST_TEST((ask(save).outcome == store_reply::status::ok));
    BOOST_TEST(run_until([&] { return told.has_value(); }));
    BOOST_TEST(!*told, told->message());
    BOOST_REQUIRE(token);
    BOOST_TEST(token.value().reveal() == "of the other process");
    BOOST_TEST((store->record().state == grant_state::live));
}

BOOST_AUTO_TEST_SUITE_END()
