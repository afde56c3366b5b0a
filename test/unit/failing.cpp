// Every store command and every token request fails in turn, in every way. Each caller is told once, no refresh token
// is lost, nothing is presented twice, and it heals.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct caller {
    int times = 0; // it was told
    error_code ec;
    access_token token;
};

struct failing_stage : stage {
    // Of the callers one is patient: it stays through failures. Each, told of a token, looks for it in the store.
    void ask(const token_source& tokens, std::vector<caller>& callers, get_options options)
    {
        caller& c = callers.emplace_back();
        tokens.async_get(options, [&, this](error_code ec, access_token t) {
            ++c.times;
            c.ec = ec;
            c.token = t;
            if (t) BOOST_TEST((store->held() == server->seen().delivered || tokens.status().unsaved));
        });
    }
    static bool told(const std::vector<caller>& callers)
    {
        for (const caller& c : callers)
            if (c.times == 0) return false;
        return true;
    }

    // First tokens, a renewal, and what comes after the failures.
    void live_through()
    {
        token_source tokens = source();
        std::vector<caller> callers;
        callers.reserve(8);
        ask(tokens, callers, {});
        ask(tokens, callers, get_options().max_wait(10min));
        BOOST_TEST(run_until([&] { return told(callers); }));
        BOOST_TEST(!callers[1].ec);
        BOOST_TEST((!callers[0].ec || callers[0].ec == condition::retry_later || callers[0].ec == errc::store_failed));

        caller& renewed = callers.emplace_back();
        tokens.async_renew_if_current(callers[1].token, "https://api.example.com",
                                      [&](error_code ec, const access_token& t) {
                                          ++renewed.times;
                                          renewed.ec = ec;
                                          renewed.token = t;
                                      });
        BOOST_TEST(run_until([&] { return told(callers); }));

        ask(tokens, callers, get_options().max_wait(10min));
        BOOST_TEST(run_until([&] { return told(callers); }));
        BOOST_TEST(!callers[3].ec);
        bool down = false;
        tokens.async_shutdown(10min, [&](error_code ec) { down = !ec; });
        BOOST_TEST(run_until([&] { return down; }));

        for (const caller& c : callers) BOOST_TEST(c.times == 1);
        BOOST_TEST(store->held() == server->seen().delivered);
        BOOST_TEST(!tokens.status().unsaved);
        BOOST_TEST(server->seen().reuses == 0u);
        BOOST_TEST(server->seen().most_open <= 1u);
    }
};

// All fates, at each call from the first to the last, once and several times in a row.
template <class Kind, class Plan>
void at_every_call(const std::vector<Kind>& kinds, Plan plan)
{
    for (const Kind kind : kinds)
        for (const unsigned length : {1u, 2u, 6u})
            for (unsigned first = 1;; ++first) {
                BOOST_TEST_CONTEXT("fate " << int(kind) << " of " << length << " calls from number " << first)
                {
                    failing_stage s;
                    bool reached = false;
                    plan(s, [&, kind, length, first](unsigned number) {
                        reached = reached || number >= first;
                        return number >= first && number < first + length ? kind : Kind();
                    });
                    s.live_through();
                    if (!reached) break;
                }
            }
}

} // namespace

BOOST_AUTO_TEST_SUITE(failing)

BOOST_AUTO_TEST_CASE(every_store_command)
{
    using kind = store_fate::kind;
    at_every_call<kind>({kind::fails, kind::fails_after, kind::throws, kind::throws_after}, [](stage& s, auto fate) {
        s.store->plan([=](unsigned number, const store_command&) { return store_fate{.end = fate(number)}; });
    });
}

BOOST_AUTO_TEST_CASE(every_token_request_that_the_server_does_not_see)
{
    using kind = request_fate::kind;
    at_every_call<kind>({kind::not_reached, kind::unavailable, kind::cut, kind::throws_unsent},
                        [](stage& s, auto fate) {
                            s.server->plan([=](unsigned number) { return request_fate{.end = fate(number)}; });
                        });
}

BOOST_AUTO_TEST_CASE(every_answer_of_a_server_that_lets_a_refresh_token_be_used_again)
{
    using kind = request_fate::kind;
    at_every_call<kind>({kind::lost, kind::throws_sent}, [](stage& s, auto fate) {
        s.server->grace = true;
        s.server->plan([=](unsigned number) { return request_fate{.end = fate(number)}; });
    });
}

BOOST_FIXTURE_TEST_CASE(an_answer_lost_at_a_server_without_grace_is_told_as_rotation_in_doubt_and_healed_by_a_sign_in,
                        stage)
{
    server->plan([](unsigned number) -> request_fate {
        if (number == 2) return {.end = request_fate::kind::lost};
        return {};
    });
    run([](token_source tokens, scripted_transport& server) -> asio::awaitable<void> {
        const access_token first = co_await tokens.get();
        error_code ec;
        try {
            (void)co_await tokens.renew_if_current(first);
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::rotation_in_doubt);
        BOOST_TEST((ec == condition::sign_in));
        BOOST_TEST(server.seen().reuses == 1u); // what no client can avoid
        BOOST_TEST((tokens.status().state == source_state::refused));
        co_await tokens.set_tokens(token_set().refresh_token("bob-0"));
        BOOST_TEST((co_await tokens.get()).value().reveal() == "bob-at-1");
        BOOST_TEST((tokens.status().state == source_state::fresh));
        BOOST_TEST(!tokens.status().in_doubt);
    }(source(), *server));
    BOOST_TEST(store->held() == "bob-1");
}

BOOST_FIXTURE_TEST_CASE(a_transport_that_throws_after_sending_is_resent_as_sparingly_as_a_cut_connection, stage)
{
    const token_source tokens = source();
    const auto get = [](token_source t, get_options o) -> asio::awaitable<void> { (void)co_await t.get(o); };
    run(get(tokens, {}));
    server->plan([](unsigned) -> request_fate { return {.end = request_fate::kind::throws_sent}; });
    BOOST_TEST(run_until([&] { return server->requests() == 2; })); // the renewal
    const auto usable_until = time->now().mono + 290s;              // some of it: due was 300 s before the end
    BOOST_TEST(run_until([&] { return time->now().mono > usable_until - 60s; }));
    BOOST_TEST(server->requests() <= 4u); // two prompt resends, then none before the token runs out
    BOOST_TEST(tokens.try_get().has_value());
    BOOST_TEST(tokens.status().in_doubt);
    BOOST_TEST(store->record().intent.in_doubt);
}

BOOST_FIXTURE_TEST_CASE(a_store_that_stays_broken_is_told_and_nothing_is_sent, stage)
{
    store->plan([](unsigned, const store_command&) { return store_fate{.end = store_fate::kind::fails}; });
    const token_source tokens = source();
    const auto get = [](token_source tokens) -> asio::awaitable<void> { (void)co_await tokens.get(); };
    BOOST_TEST((code_of([&] { run(get(tokens)); }) == errc::store_failed));
    BOOST_TEST(server->requests() == 0u);
    BOOST_TEST(tokens.status().last_detail == "a store that fails");
}

BOOST_FIXTURE_TEST_CASE(tokens_that_were_set_while_the_store_is_broken_are_served_flagged_and_saved_later, stage)
{
    bool broken = false;
    store->plan([&](unsigned, const store_command&) {
        return store_fate{.end = broken ? store_fate::kind::fails : store_fate::kind::done};
    });
    run([](token_source tokens, bool& broken) -> asio::awaitable<void> {
        (void)co_await tokens.get();
        broken = true;
        error_code ec;
        try {
            co_await tokens.set_tokens(token_set().access_token("given").refresh_token("bob-0").expires_in(300s));
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::store_failed);
        BOOST_TEST((co_await tokens.get()).value().reveal() == "given");
        BOOST_TEST(tokens.status().unsaved);
        try {
            co_await tokens.async_shutdown(2s);
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::store_failed);
        BOOST_TEST(tokens.status().unsaved);
        broken = false;
    }(source(), broken));
    BOOST_TEST(run_until([&] { return store->held() == "bob-0"; })); // although the source is gone
    BOOST_TEST(run_until([&] { return server.use_count() == 1; }));
}

BOOST_AUTO_TEST_SUITE_END()
