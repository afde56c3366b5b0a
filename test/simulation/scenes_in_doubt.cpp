// Scenes of lost answers, crashes, stores that fail, and clocks that jump.
#include "simulation/scene.hpp"
#include "support/print_errc.hpp"

using namespace simulation;
using afresh::errc;

namespace {

// A scene whose first exchange has succeeded: refresh token 1 is the current one.
void begin(scene& s)
{
    s.p.start();
    BOOST_TEST(!s.get().ec);
}

// The next request is processed, and its answer is lost.
void lose_an_answer(scene& s)
{
    s.w.net.habits.latest = 2ms; // late, but not by much
    s.next(weather::late);
}

} // namespace

BOOST_AUTO_TEST_SUITE(scenes_in_doubt)

BOOST_AUTO_TEST_CASE(an_answer_lost_within_the_grace_is_made_good_by_a_prompt_resend)
{
    for (const reuse_rule rule : {reuse_rule::previous_grace, reuse_rule::same_successor, reuse_rule::mint_many}) {
        scene s;
        s.w.server.habits.rule = rule;
        s.w.server.habits.grace = 30s;
        begin(s);
        s.w.run_for(10min);
        lose_an_answer(s);
        BOOST_TEST(!s.get().ec);
        BOOST_TEST(s.w.server.reuse_events == 0u);
        BOOST_TEST(!s.status().in_doubt);
        s.w.run_for(1h);
        BOOST_TEST(!s.get().ec);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_lost_at_a_server_without_grace_is_told_as_rotation_in_doubt)
{
    scene s;
    begin(s);
    s.w.run_for(30min); // the token expired, nobody asked
    lose_an_answer(s);
    const told t = s.get(2min);
    BOOST_TEST(t.ec == errc::rotation_in_doubt);
    BOOST_TEST((t.ec == afresh::condition::sign_in));
    BOOST_TEST(s.w.server.reuse_events == 1u); // the one that no client can avoid
    const std::size_t before = s.requests();
    s.w.run_for(1h);
    BOOST_TEST(s.get().ec == errc::rotation_in_doubt);
    BOOST_TEST(s.requests() == before);
}

BOOST_AUTO_TEST_CASE(a_request_that_the_server_never_saw_is_made_good)
{
    scene s;
    begin(s);
    s.w.run_for(30min);
    s.next(weather::captive);
    BOOST_TEST(!s.get(2min).ec);
    BOOST_TEST(s.w.server.reuse_events == 0u);
}

BOOST_AUTO_TEST_CASE(with_no_grace_the_access_token_is_used_up_before_the_refresh_token_is_risked)
{
    scene s;
    s.w.policy.rotation_grace = 0ms;
    s.w.policy.unused = afresh::unused_sources::always;
    s.w.server.habits.lifetime = 3600s;
    begin(s);
    s.next(weather::cut);
    s.w.run_for(57min); // due at 55 minutes at the latest: sent, and in doubt
    BOOST_TEST(s.requests() == 2u);
    BOOST_TEST(s.status().in_doubt);
    BOOST_TEST(!s.get().ec);
    s.w.run_for(2min);
    BOOST_TEST(s.requests() == 2u);
    s.w.run_for(1min); // 30 s before the token is not used any more
    BOOST_TEST(s.requests() >= 3u);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_slow_past_the_grace_keeps_the_refresh_token_from_being_risked)
{
    scene s; // the policy names no grace: 10 s
    s.w.server.habits.lifetime = 3600s;
    s.w.policy.unused = afresh::unused_sources::always;
    begin(s);
    s.next(weather::gateway_500);
    s.w.run_until(s.w.now() + 1h, [&] { return s.status().in_doubt; });
    s.w.store.habits.fastest = s.w.store.habits.slowest = 6s; // the lease and the intent for the prompt resend
    s.w.run_for(1min);
    BOOST_TEST(s.requests() == 2u);
    BOOST_TEST(s.status().in_doubt);
    BOOST_TEST(!s.get().ec);
    s.w.store.habits = {};
    s.w.run_for(10min);
    BOOST_TEST(!s.status().in_doubt); // it was sent when the token was about to run out
    BOOST_TEST(s.w.server.reuse_events == 0u);
}

BOOST_AUTO_TEST_CASE(a_lost_answer_is_made_good_within_the_grace_though_nobody_asks)
{
    scene s;
    s.w.server.habits.rule = reuse_rule::same_successor;
    s.w.server.habits.grace = 10s;
    s.w.policy.unused = afresh::unused_sources::on_demand;
    begin(s);
    s.w.run_for(230s); // due, and usable
    lose_an_answer(s);
    BOOST_TEST(!s.get().ec); // the exchange runs behind this caller, who does not come back
    s.w.run_for(10s);
    BOOST_TEST(!s.status().in_doubt);
    s.w.run_for(1h);
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.w.server.reuse_events == 0u);
}

BOOST_AUTO_TEST_CASE(a_crash_at_each_point_of_an_exchange_costs_no_more_than_it_must)
{
    struct row {
        crash_point where;
        bool spent; // the server has rotated, and nobody has the successor
    };
    for (const row& r :
         {row{crash_point::intent_written, false}, row{crash_point::bytes_sent, true}, row{crash_point::rotated, true},
          row{crash_point::answer_read, true}, row{crash_point::committed, false}}) {
        for (const bool grace : {false, true}) {
            BOOST_TEST_INFO("crash point " << static_cast<int>(r.where) << ", grace " << grace);
            scene s;
            if (grace) {
                s.w.server.habits.rule = reuse_rule::mint_many;
                s.w.server.habits.grace = 1min;
            }
            begin(s);
            s.w.run_for(30min);
            s.p.crash_at = r.where;
            (void)s.begin_get();
            s.w.run_for(20s);
            BOOST_TEST(s.p.facts.life == 2u);
            const told t = s.get(2min);
            const bool lost = r.spent && !grace;
            BOOST_TEST(t.ec == (lost ? afresh::error_code(errc::rotation_in_doubt) : afresh::error_code()));
            BOOST_TEST(s.w.server.reuse_events == (lost ? 1u : 0u));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_crash_while_a_good_token_is_stored_does_not_take_it_away)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.w.policy.rotation_grace = 0ms;
    begin(s);
    s.w.run_for(50min);
    s.p.crash_at = crash_point::rotated;
    const told t = s.get();
    const auto renewed = s.begin_renew(t.token);
    s.w.run_for(10s);
    BOOST_TEST(!renewed->done); // it died with its process
    BOOST_TEST(s.p.facts.life == 2u);
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.requests() == 2u); // and the refresh token is not risked for now
}

BOOST_AUTO_TEST_CASE(tokens_that_cannot_be_saved_are_served_flagged_and_saved_later)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_until(1min, [&] { return s.requests() == 1; });
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 1min});
    s.finish(caller);
    BOOST_TEST(!caller->ec);
    BOOST_TEST(s.status().unsaved);
    BOOST_TEST(s.record().tokens.empty());
    s.w.run_for(2min); // it is not due yet
    BOOST_TEST(!s.status().unsaved);
    BOOST_TEST(s.record().generation == caller->token.generation());
}

BOOST_AUTO_TEST_CASE(a_store_that_is_down_past_expiry_keeps_the_refresh_token_from_being_risked)
{
    scene s;
    begin(s);
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 1h});
    s.w.run_for(20min);
    const told t = s.get_impatient();
    BOOST_TEST(t.ec == errc::store_failed);
    BOOST_TEST(s.requests() == 1u);
    s.w.run_for(45min);
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.w.server.reuse_events == 0u);
}

BOOST_AUTO_TEST_CASE(a_source_that_is_destroyed_with_unsaved_tokens_saves_them_later)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_until(1min, [&] { return s.requests() == 1; });
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 5min});
    s.finish(caller);
    s.p.destroy_source();
    s.w.run_for(6min);
    BOOST_TEST(s.record().generation == caller->token.generation());
}

BOOST_AUTO_TEST_CASE(shutdown_says_when_something_could_not_be_saved)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_until(1min, [&] { return s.requests() == 1; });
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 1h});
    s.finish(caller);
    afresh::error_code ended;
    bool done = false;
    s.p.facts.closing = true;
    s.p.tokens()->async_shutdown(10s, [&](afresh::error_code ec) { ended = ec, done = true; });
    s.w.run_for(20s);
    BOOST_TEST(done);
    BOOST_TEST(ended == errc::store_failed);
    s.w.run_for(1h);
    BOOST_TEST(s.record().generation == caller->token.generation());
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_jumps_ahead_expires_the_token)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    begin(s);
    s.p.clocks.step_wall_clock(2h);
    s.w.check.clocks_changed(s.p, true);
    const told t = s.get();
    BOOST_TEST(!t.ec);
    BOOST_TEST(s.requests() == 2u);
}

BOOST_AUTO_TEST_CASE(a_wall_clock_that_jumps_back_does_not_keep_a_token_alive)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    begin(s);
    s.p.clocks.step_wall_clock(-std::chrono::hours(24 * 3653));
    s.w.check.clocks_changed(s.p, true);
    s.w.run_for(61min);
    const std::size_t before = s.requests();
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.requests() + (before > 1u ? 1u : 0u) > 1u);
    const told t = s.get();
    BOOST_TEST(s.w.server.accepts(s.w.server.find_access(t.token.value().reveal()), s.w.now()));
}

BOOST_AUTO_TEST_CASE(a_stored_token_from_the_future_is_not_taken_for_valid_for_ever)
{
    scene s;
    begin(s);
    s.p.clocks.step_wall_clock(-std::chrono::hours(24 * 365));
    s.w.check.clocks_changed(s.p, true);
    s.p.crash();
    s.w.run_for(3h);
    const told t = s.get(1min);
    BOOST_TEST(!t.ec);
    s.w.run_for(61min); // of unknown lifetime: renewed after an hour
    (void)s.get(1min);
    s.w.run_for(1min);
    BOOST_TEST(s.requests() >= 2u);
}

BOOST_AUTO_TEST_CASE(a_token_is_no_younger_for_a_machine_that_slept_while_it_was_on_its_way)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_until(1min, [&] { return s.requests() == 1; });
    s.p.clocks.suspend(s.w.now(), 1h);
    s.w.check.clocks_changed(s.p, false);
    const auto asked = s.p.clock().wall;
    s.w.run_until(2h, [&] { return !s.record().tokens.empty(); });
    BOOST_REQUIRE(s.record().tokens.size() == 1u);
    BOOST_TEST(s.requests() == 1u);
    BOOST_TEST((s.record().tokens.front().obtained_at <= asked + 1s)); // for whoever reads it next
}

BOOST_AUTO_TEST_CASE(a_token_that_expired_in_suspend_is_not_served)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    begin(s);
    s.w.run_for(1min);
    s.p.clocks.suspend(s.w.now(), 5h);
    s.w.check.clocks_changed(s.p, false);
    s.w.run_for(5h + 1s);
    const told t = s.get();
    BOOST_TEST(!t.ec);
    BOOST_TEST(s.requests() == 2u);
    BOOST_TEST(s.w.server.accepts(s.w.server.find_access(t.token.value().reveal()), s.w.now()));
}

BOOST_AUTO_TEST_SUITE_END()
