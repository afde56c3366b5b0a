// The end of a chain: tokens forgotten, a tombstone for the other processes, and the server told (FAULTS A41, B13).

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

using texts = std::vector<std::string>;

struct signing_out : stage {
    explicit signing_out(grant g = grant::refresh_token("alice-0")) : begun_with(std::move(g)) { begin(); }

    void begin()
    {
        source_options options;
        options.service = parts();
        options.service.on_event = [this](const event& e) { events.push_back(e); };
        options.on_sign_in = [this]() -> asio::awaitable<token_set> {
            ++hook_calls;
            co_return token_set();
        };
        tokens.emplace(context.get_executor(), client(), begun_with, std::move(options));
    }
    error_code get()
    {
        const auto ask = [](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); };
        return code_of([&] { run(ask(*tokens)); });
    }
    error_code sign_out()
    {
        const auto ask = [](token_source t) -> asio::awaitable<void> { co_await t.sign_out(); };
        return code_of([&] { run(ask(*tokens)); });
    }
    std::size_t count(event::kind what) const
    {
        return static_cast<std::size_t>(
            std::count_if(events.begin(), events.end(), [what](const event& e) { return e.what == what; }));
    }
    // The token has expired; connecting takes long, and so does the answer.
    void begin_slow_renewal(std::optional<error_code>& told)
    {
        time->pass(200s);
        server->steps_each = 500;
        tokens->async_get(get_options().max_wait(120s), [&told](error_code ec, access_token) { told = ec; });
    }
    // What another process does, whose lease is a time.
    void another_signs_out()
    {
        store_command take(store_command::kind::take_lease);
        take.owner = "another";
        take.ttl = 6s;
        const store_reply taken = ask(take);
        BOOST_TEST((taken.outcome == store_reply::status::ok));
        store_command end(store_command::kind::sign_out);
        end.fence = taken.record.holder.fence;
        BOOST_TEST((ask(end).outcome == store_reply::status::ok));
    }

    grant begun_with;
    std::vector<event> events;
    int hook_calls = 0;
    std::optional<token_source> tokens;
};

struct of_a_client : signing_out {
    of_a_client() : signing_out(grant::client_credentials()) {}
};

} // namespace

BOOST_AUTO_TEST_SUITE(sign_out)

BOOST_FIXTURE_TEST_CASE(it_forgets_the_tokens_leaves_a_tombstone_and_tells_the_server, signing_out)
{
    BOOST_TEST(!get());
    const std::uint64_t generation = store->record().generation;
    BOOST_TEST(!sign_out());
    const chain_record record = store->record();
    BOOST_TEST((record.state == grant_state::signed_out));
    BOOST_TEST(record.generation == generation + 1);
    BOOST_TEST(record.refresh_token.empty());
    BOOST_TEST(record.tokens.empty());
    BOOST_TEST(record.holder.owner.empty()); // nobody has to wait
    BOOST_TEST(server->revoked() == texts{"alice-1"}, boost::test_tools::per_element());
    BOOST_TEST(!tokens->try_get().has_value());
    BOOST_TEST(get() == errc::sign_in_required);
    BOOST_TEST(tokens->status().last_failure == errc::sign_in_required);
    BOOST_TEST(count(event::kind::signed_out) == 1u);
    BOOST_TEST(count(event::kind::revoked) == 1u);
    BOOST_TEST(hook_calls == 0); // somebody wanted it so
    BOOST_TEST(server->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_new_sign_in_after_it_begins_anew, signing_out)
{
    BOOST_TEST(!get());
    BOOST_TEST(!sign_out());
    run([](token_source t) -> asio::awaitable<void> {
        co_await t.set_tokens(token_set().refresh_token("bob-0"));
    }(*tokens));
    BOOST_TEST(!get());
    BOOST_TEST((store->record().state == grant_state::live));
    BOOST_TEST(store->held() == "bob-1");
}

BOOST_FIXTURE_TEST_CASE(it_waits_for_the_exchange_under_way_and_revokes_what_that_brings, signing_out)
{
    std::optional<error_code> first, ended;
    tokens->async_get([&](error_code ec, access_token) { first = ec; });
    BOOST_TEST(run_until([&] { return server->bytes_sent() == 1; }));
    tokens->async_sign_out([&](error_code ec) { ended = ec; });
    BOOST_TEST(run_until([&] { return first && ended; }));
    BOOST_TEST(!*first); // who asked before gets what he asked for
    BOOST_TEST(!*ended);
    BOOST_TEST(server->revoked() == texts{"alice-1"}, boost::test_tools::per_element());
    BOOST_TEST(get() == errc::sign_in_required);
}

BOOST_FIXTURE_TEST_CASE(callers_who_wait_are_told, signing_out)
{
    server->plan([](unsigned) -> request_fate { return {.end = request_fate::kind::unavailable}; });
    std::optional<error_code> waiter, ended;
    tokens->async_get(get_options().max_wait(1h), [&](error_code ec, access_token) { waiter = ec; });
    BOOST_TEST(run_until([&] { return server->requests() == 2; }));
    tokens->async_sign_out([&](error_code ec) { ended = ec; });
    BOOST_TEST(run_until([&] { return waiter && ended; }));
    BOOST_TEST(*waiter == errc::sign_in_required);
    BOOST_TEST(server->revoked() == texts{"alice-0"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(before_the_first_token_was_asked_for_it_ends_what_the_program_brought, signing_out)
{
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked() == texts{"alice-0"}, boost::test_tools::per_element());
    BOOST_TEST(get() == errc::sign_in_required);
    begin(); // the program is started again, with the same
    BOOST_TEST(get() == errc::sign_in_required);
    BOOST_TEST(hook_calls == 1); // now somebody wants a token
    BOOST_TEST(server->requests() == 0u);
}

BOOST_FIXTURE_TEST_CASE(without_a_refresh_token_the_access_token_is_revoked, of_a_client)
{
    BOOST_TEST(!get());
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked() == texts{"client-at-1"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(twice_is_as_once, signing_out)
{
    BOOST_TEST(!get());
    BOOST_TEST(!sign_out());
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_store_that_fails_leaves_all_as_it_was, signing_out)
{
    BOOST_TEST(!get());
    for (const auto fails : {store_command::kind::take_lease, store_command::kind::sign_out}) {
        store->plan([fails](unsigned, const store_command& c) -> store_fate {
            if (c.what == fails) return {.end = store_fate::kind::fails};
            return {};
        });
        BOOST_TEST(sign_out() == errc::store_failed);
        BOOST_TEST(tokens->try_get().has_value());
    }
    BOOST_TEST(server->revoked().empty());
    store->plan({});
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_commit_whose_acknowledgement_is_lost_is_made_good_by_the_next_try, signing_out)
{
    BOOST_TEST(!get());
    store->plan([](unsigned, const store_command& c) -> store_fate {
        if (c.what == store_command::kind::sign_out) return {.end = store_fate::kind::fails_after};
        return {};
    });
    BOOST_TEST(sign_out() == errc::store_failed);
    store->plan({});
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked() == texts{"alice-1"}, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(what_could_not_be_saved_is_revoked_too, signing_out)
{
    store->plan([](unsigned, const store_command& c) -> store_fate {
        if (c.what == store_command::kind::save_success) return {.end = store_fate::kind::fails};
        return {};
    });
    BOOST_TEST(!get());
    BOOST_TEST(tokens->status().unsaved);
    BOOST_TEST(!sign_out());
    BOOST_TEST(server->revoked() == texts{"alice-1"}, boost::test_tools::per_element());
    BOOST_TEST(!tokens->status().unsaved);
    BOOST_TEST((store->record().state == grant_state::signed_out));
}

// --- RFC 7009 2.2: the server ---

BOOST_FIXTURE_TEST_CASE(a_server_that_cannot_be_reached_is_asked_again, signing_out)
{
    using fate = request_fate::kind;
    for (const auto trouble :
         {fate::not_reached, fate::unavailable, fate::throttled, fate::cut, fate::lost, fate::throws_unsent}) {
        signing_out s;
        s.server->plan_revocations([trouble](unsigned number) -> request_fate {
            if (number < 3) return {.end = trouble, .retry_after = 2s};
            return {};
        });
        BOOST_TEST(!s.get());
        BOOST_TEST(!s.sign_out());
        BOOST_REQUIRE(!s.server->revoked().empty());
        BOOST_TEST(s.server->revoked().back() == "alice-1");
        BOOST_TEST(s.count(event::kind::revocation_failed) == 0u);
    }
}

BOOST_FIXTURE_TEST_CASE(a_server_that_does_not_confirm_it_is_told_of, signing_out)
{
    using fate = request_fate::kind;
    for (const auto trouble : {fate::not_reached, fate::unavailable, fate::refused}) {
        signing_out s;
        unsigned asked = 0;
        s.server->plan_revocations([&asked, trouble](unsigned number) -> request_fate {
            asked = number;
            return {.end = trouble};
        });
        BOOST_TEST(!s.get());
        BOOST_TEST(s.sign_out() == errc::revocation_failed);
        BOOST_TEST(asked == (trouble == fate::refused ? 1u : 3u)); // the same request would be refused again
        s.settle();                                                // events are told behind
        BOOST_TEST(s.count(event::kind::revocation_failed) == 1u);
        BOOST_TEST(s.events.back().said.error == (trouble == fate::refused ? "unsupported_token_type" : ""));
        BOOST_TEST(s.get() == errc::sign_in_required); // signed out all the same
    }
}

BOOST_FIXTURE_TEST_CASE(a_server_that_wants_to_be_asked_in_an_hour_is_not_waited_for, signing_out)
{
    server->plan_revocations(
        [](unsigned) -> request_fate { return {.end = request_fate::kind::throttled, .retry_after = 3600s}; });
    BOOST_TEST(!get());
    const auto began = time->now().mono;
    BOOST_TEST(sign_out() == errc::revocation_failed);
    BOOST_TEST((time->now().mono - began < 10s));
}

BOOST_FIXTURE_TEST_CASE(a_shutdown_waits_for_the_revocation, signing_out)
{
    server->plan_revocations([](unsigned number) -> request_fate {
        if (number == 1) return {.end = request_fate::kind::unavailable};
        return {};
    });
    BOOST_TEST(!get());
    std::optional<error_code> ended, down;
    tokens->async_sign_out([&](error_code ec) { ended = ec; });
    BOOST_TEST(run_until([&] { return store->record().state == grant_state::signed_out; }));
    run_until([&] { return count(event::kind::signed_out) == 1; });
    tokens->async_shutdown(30s, [&](error_code ec) { down = ec; });
    tokens.reset(); // the chain lives on until the server knows
    BOOST_TEST(run_until([&] { return ended && down; }));
    BOOST_TEST(!*ended);
    BOOST_TEST(!*down);
    BOOST_TEST(server->revoked().size() == 1u);
}

BOOST_FIXTURE_TEST_CASE(closing_before_it_began_says_so, signing_out)
{
    BOOST_TEST(!get());
    std::optional<error_code> ended;
    tokens->async_sign_out([&](error_code ec) { ended = ec; });
    tokens->close();
    BOOST_TEST(run_until([&] { return ended.has_value(); }));
    BOOST_TEST(*ended == errc::closed);
    BOOST_TEST((store->record().state == grant_state::live));
    tokens->async_sign_out([&](error_code ec) { ended = ec; });
    ended.reset();
    BOOST_TEST(run_until([&] { return ended.has_value(); }));
    BOOST_TEST(*ended == errc::closed);
}

// --- another process ---

BOOST_FIXTURE_TEST_CASE(A41_a_refresh_that_ends_after_another_process_signed_out_is_revoked_and_not_used, signing_out)
{
    server->lifetime = 100s;
    store->plan([](unsigned, const store_command& c) -> store_fate {
        if (c.what == store_command::kind::renew_lease) return {.end = store_fate::kind::fails};
        return {};
    });
    BOOST_TEST(!get());
    std::optional<error_code> waiter;
    begin_slow_renewal(waiter);
    BOOST_TEST(run_until([&] { return server->bytes_sent() == 2; }));
    time->pass(7s); // the lease is over
    another_signs_out();
    BOOST_TEST(run_until([&] { return waiter && !server->revoked().empty(); }));
    BOOST_TEST(*waiter == errc::sign_in_required);
    BOOST_TEST(server->revoked() == texts{"alice-2"}, boost::test_tools::per_element());
    BOOST_TEST((store->record().state == grant_state::signed_out));
    BOOST_TEST(!tokens->try_get().has_value());
    BOOST_TEST(server->requests() == 2u);
}

BOOST_FIXTURE_TEST_CASE(A41_a_sign_out_between_the_lease_and_the_request_stops_the_request, signing_out)
{
    server->lifetime = 100s;
    BOOST_TEST(!get());
    std::optional<error_code> waiter;
    begin_slow_renewal(waiter);
    BOOST_TEST(run_until([&] { return server->requests() == 2; }));
    time->pass(7s); // the lease is over
    another_signs_out();
    BOOST_TEST(run_until([&] { return waiter.has_value(); }));
    BOOST_TEST(*waiter == errc::sign_in_required);
    BOOST_TEST(server->bytes_sent() == 1u); // of the first exchange
}

BOOST_FIXTURE_TEST_CASE(a_process_that_was_not_told_finds_the_tombstone_when_its_token_is_due, signing_out)
{
    server->lifetime = 100s;
    BOOST_TEST(!get());
    another_signs_out();
    BOOST_TEST(!get()); // the token it holds is still good: nobody has told this process
    time->pass(100s);
    BOOST_TEST(get() == errc::sign_in_required);
    BOOST_TEST(server->requests() == 1u);
    BOOST_TEST(hook_calls == 1); // somebody wants a token
}

BOOST_FIXTURE_TEST_CASE(it_waits_until_another_process_has_released_the_lease, signing_out)
{
    BOOST_TEST(!get());
    store_command take(store_command::kind::take_lease);
    take.owner = "another";
    take.ttl = 6s;
    BOOST_TEST((ask(take).outcome == store_reply::status::ok));
    const auto began = time->now().mono;
    BOOST_TEST(!sign_out());
    BOOST_TEST((time->now().mono - began > 5s));
    BOOST_TEST(server->revoked().size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
