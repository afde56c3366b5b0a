// The state machine by transcript: events in, effects out, one behaviour a case.

#include "support/fsm_story.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::core;
using namespace afresh::test;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(afresh::core::effects)

BOOST_AUTO_TEST_SUITE(refresh)

BOOST_AUTO_TEST_CASE(the_first_caller_starts_one_exchange_and_the_second_joins_it)
{
    fsm_story s;
    BOOST_TEST((s.get() == effects{.begin = dialogue::exchange}));
    BOOST_TEST((s.get() == effects{}));
    BOOST_TEST((s.tokens(3600s) == effects{.serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(a_due_token_is_served_while_one_exchange_runs_behind_it)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(3300s);
    BOOST_TEST((s.get() == effects{.begin = dialogue::exchange, .serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(a_token_in_use_is_renewed_by_the_timer)
{
    fsm_story s;
    s.fresh(3600s);
    BOOST_TEST((s.wake_in() == 3300s));
    s.pass(3299s);
    BOOST_TEST((s.tick() == effects{})); // early
    s.pass(1s);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    BOOST_TEST((s.tick() == effects{})); // stale
}

BOOST_AUTO_TEST_CASE(a_token_nobody_used_for_two_lifetimes_is_renewed_on_demand)
{
    fsm_story s;
    s.fresh(600s);
    for (int generation = 0; generation < 3; ++generation) {
        s.pass(510s);
        const effects e = s.tick();
        if (e == effects{}) break;
        s.tokens(600s);
    }
    BOOST_TEST((s.fsm.running() == dialogue::none));
    s.pass(3h);
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.get() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(policies_renew_always_or_only_on_demand)
{
    fsm_story always({.unused = unused_sources::always});
    always.fresh(600s);
    for (int i = 0; i < 10; ++i) {
        always.pass(510s);
        BOOST_TEST((always.tick() == effects{.begin = dialogue::exchange}));
        always.tokens(600s);
    }
    fsm_story on_demand({.unused = unused_sources::on_demand});
    on_demand.fresh(600s);
    BOOST_TEST((on_demand.wake_in() == std::chrono::nanoseconds::max()));
    on_demand.pass(599s);
    BOOST_TEST((on_demand.tick() == effects{}));
    BOOST_TEST((on_demand.get() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(an_outage_serves_the_token_until_it_expires_and_then_fails_at_once)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(3300s);
    s.tick();
    BOOST_TEST((s.answer(verdict::not_sent) == effects{.serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
    for (int i = 0; i < 6; ++i) {
        s.pass_to_wake();
        BOOST_TEST((s.tick().begin == dialogue::exchange));
        BOOST_TEST(s.answer(verdict::not_sent).serve);
    }
    s.pass(300s);
    BOOST_TEST((s.get() == effects{.begin = dialogue::reread})); // perhaps somebody else has had more luck
    const effects refused = s.ended(dialogue_end::unchanged);
    BOOST_TEST(s.get().fail_impatient);
    BOOST_TEST(refused.fail_impatient);
    BOOST_TEST((refused.error == errc::temporarily_unavailable));
    s.pass_to_wake();
    s.waiters = true;
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange})); // one probe
    BOOST_TEST((s.tokens(3600s) == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(no_pause_outlasts_the_token_held_nor_half_of_the_life_of_one_that_expired)
{
    fsm_story s;
    s.fresh(10s); // due after 5 s, used until 9 s
    s.jitter = 0.999;
    s.pass(5s);
    s.tick();
    for (int attempts = 1; s.fsm.usable(s.now); ++attempts) {
        BOOST_REQUIRE(attempts < 20); // and no loop is hot
        s.answer(verdict::not_sent);
        const auto pause = s.wake_in();
        BOOST_TEST((pause >= 50ms));
        BOOST_TEST(
            (pause <= std::max<std::chrono::nanoseconds>((s.fsm.times()->usable_until.mono - s.now.mono) / 2, 50ms)));
        s.pass_to_wake();
        s.tick();
    }
    for (int i = 0; i < 10; ++i) {
        s.waiters = true;
        s.answer(verdict::not_sent);
        BOOST_TEST((s.wake_in() < 10s));
        s.pass_to_wake();
        s.tick();
    }
    s.answer(verdict::throttled, {.retry_after = 60s});
    BOOST_TEST((s.wake_in() == 60s)); // the server's word wins
}

BOOST_AUTO_TEST_CASE(a_rejected_token_is_withheld_while_it_is_renewed_but_for_two_seconds_only)
{
    fsm_story s;
    s.fresh(3600s);
    BOOST_TEST(s.fsm.rejection_forces());
    BOOST_TEST((s.rejected() == effects{.begin = dialogue::exchange}));
    BOOST_TEST(s.fsm.withheld());
    BOOST_TEST(!s.fsm.rejection_forces()); // it joins
    BOOST_TEST((s.wake_in() == 2s));
    s.pass(2s);
    BOOST_TEST((s.tick() == effects{.serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
    BOOST_TEST((s.rejected() == effects{})); // once a flight: another resource may take it
    BOOST_TEST(!s.fsm.withheld());
    s.tokens(3600s);
    s.rejected();
    BOOST_TEST(s.fsm.withheld()); // the new one
}

BOOST_AUTO_TEST_CASE(a_rejected_token_of_a_refused_grant_is_withheld_for_good)
{
    fsm_story s;
    s.fresh(3600s);
    s.rejected();
    s.pass(2s);
    s.tick();
    BOOST_TEST(s.fsm.usable(s.now));
    BOOST_TEST(s.answer(verdict::refused).fail_all);
    BOOST_TEST(!s.fsm.usable(s.now));
    s.pass(10s);
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.get().begin == dialogue::reread));
    BOOST_TEST(s.ended(dialogue_end::unchanged).fail_all);
    BOOST_TEST(s.get().fail_all);
    BOOST_TEST((s.wake_in() == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_CASE(a_rejection_while_a_resend_is_held_back_forces_it_once)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(3300s);
    s.tick();
    s.answer(verdict::in_doubt, {.sends = 3, .first_sent_ago = 60s});
    BOOST_TEST((s.wake_in() > 30s)); // for as long as the token lasts
    BOOST_TEST(s.fsm.rejection_forces());
    s.rejected();
    BOOST_TEST((s.wake_in() < 10s));
    BOOST_TEST(!s.fsm.rejection_forces()); // a thousand others wait with it
}

BOOST_AUTO_TEST_CASE(bare_refusals_count_in_a_row)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    for (const auto v : {verdict::unauthorized, verdict::unauthorized, verdict::transient, verdict::unauthorized}) {
        BOOST_TEST(!s.answer(v).fail_all);
        s.pass_to_wake();
        s.tick();
    }
    s.answer(verdict::unauthorized);
    s.pass_to_wake();
    s.tick();
    BOOST_TEST(s.answer(verdict::unauthorized).fail_all);
}

BOOST_AUTO_TEST_CASE(callers_without_a_token_are_given_three_attempts)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST((s.answer(verdict::transient) == effects{}));
        BOOST_TEST((s.get() == effects{})); // joins the queue
        s.pass_to_wake();
        BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    }
    BOOST_TEST(
        (s.answer(verdict::transient) == effects{.fail_impatient = true, .error = errc::temporarily_unavailable}));
    BOOST_TEST((s.get() == effects{.fail_impatient = true, .error = errc::temporarily_unavailable}));
}

BOOST_AUTO_TEST_CASE(retry_after_wins_over_backoff_and_is_capped_at_an_hour)
{
    fsm_story s;
    s.get();
    s.answer(verdict::throttled, {.retry_after = 120s});
    BOOST_TEST((s.wake_in() == 120s));
    s.waiters = true;
    s.pass(119s);
    BOOST_TEST((s.tick() == effects{}));
    s.pass(1s);
    s.tick();
    s.answer(verdict::throttled, {.retry_after = 86400s});
    BOOST_TEST((s.wake_in() == 3600s));
}

BOOST_AUTO_TEST_CASE(a_refused_grant_is_latched_and_asks_for_a_sign_in_once)
{
    fsm_story s;
    s.get();
    const effects told{.fail_all = true, .error = errc::sign_in_required, .sign_in = true};
    BOOST_TEST((s.answer(verdict::refused) == told));
    BOOST_TEST((s.get() == effects{.fail_all = true, .error = errc::sign_in_required}));
    s.pass(24h);
    BOOST_TEST((s.get() == effects{.begin = dialogue::reread})); // perhaps somebody has signed in elsewhere
    const effects again{.fail_all = true, .error = errc::sign_in_required};
    BOOST_TEST((s.ended(dialogue_end::unchanged) == again));
    BOOST_TEST((s.get() == again));
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.wake_in() == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_CASE(a_refused_grant_leaves_a_usable_token_in_use)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(3300s);
    s.tick();
    const effects told{.serve = true, .fail_all = true, .error = errc::sign_in_required, .sign_in = true};
    BOOST_TEST((s.answer(verdict::refused) == told));
    BOOST_TEST((s.get() == effects{.serve = true}));
    BOOST_TEST((s.rejected() == effects{.fail_all = true, .error = errc::sign_in_required})); // until it is rejected
    BOOST_TEST((s.get() == effects{.fail_all = true, .error = errc::sign_in_required}));
}

BOOST_AUTO_TEST_CASE(a_human_may_send_a_refused_grant_again)
{
    fsm_story s;
    s.get();
    s.answer(verdict::refused);
    BOOST_TEST((s.fsm.on_retry_grant(s.look()) == effects{.begin = dialogue::exchange}));
    BOOST_TEST((s.tokens(3600s) == effects{.serve = true}));
    BOOST_TEST((s.fsm.on_retry_grant(s.look()) == effects{}));
}

BOOST_AUTO_TEST_CASE(three_bare_401s_without_a_usable_token_end_in_sign_in)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST((s.answer(verdict::unauthorized) == effects{}));
        s.pass_to_wake();
        BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    }
    BOOST_TEST((s.answer(verdict::unauthorized) ==
                effects{.fail_all = true, .error = errc::sign_in_required, .sign_in = true}));
}

BOOST_AUTO_TEST_CASE(bare_401s_do_not_count_while_a_token_is_usable)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(3300s);
    s.tick();
    for (int i = 0; i < 5; ++i) {
        BOOST_TEST(s.answer(verdict::unauthorized).serve);
        s.pass_to_wake();
        BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    }
}

BOOST_AUTO_TEST_CASE(a_misconfigured_client_opens_a_breaker_of_1_to_15_minutes)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    for (const auto pause : {60s, 120s, 240s, 480s, 900s, 900s}) {
        BOOST_TEST((s.answer(verdict::misconfigured) == effects{.fail_impatient = true, .error = errc::misconfigured}));
        BOOST_TEST((s.wake_in() == pause));
        s.pass(pause);
        BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    }
}

BOOST_AUTO_TEST_CASE(a_target_that_is_refused_is_never_asked_for_again_by_itself)
{
    fsm_story s;
    s.get();
    BOOST_TEST((s.answer(verdict::doubtful_misconfigured) == effects{.fail_all = true, .error = errc::misconfigured}));
    BOOST_TEST(s.fsm.in_doubt());
    BOOST_TEST((s.wake_in() == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_CASE(an_invalid_request_is_a_race_twice_and_a_mistake_the_third_time)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST((s.answer(verdict::invalid_request) == effects{}));
        s.pass_to_wake();
        s.tick();
    }
    BOOST_TEST((s.answer(verdict::invalid_request) == effects{.fail_impatient = true, .error = errc::misconfigured}));
}

BOOST_AUTO_TEST_CASE(a_resource_s_rejection_renews_once_for_all)
{
    fsm_story s;
    s.fresh(3600s);
    s.waiters = true;
    BOOST_TEST((s.rejected() == effects{.begin = dialogue::exchange})); // although it was issued a moment ago
    BOOST_TEST((s.rejected() == effects{}));
    BOOST_TEST((s.get() == effects{})); // nobody is handed the rejected token meanwhile
    BOOST_TEST((s.tokens(3600s) == effects{.serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(a_rejected_token_is_served_again_when_no_better_one_can_be_had)
{
    fsm_story s;
    s.fresh(3600s);
    s.waiters = true;
    s.rejected();
    BOOST_TEST((s.answer(verdict::not_sent) == effects{.serve = true}));
    BOOST_TEST((s.get() == effects{.serve = true}));
    BOOST_TEST((s.rejected() == effects{})); // during the outage: waits for the next attempt, takes nothing from others
    BOOST_TEST((s.get() == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(a_caller_who_needs_more_life_cannot_make_every_call_refresh)
{
    fsm_story s;
    s.fresh(3600s);
    s.pass(10s);
    s.waiters = true;
    BOOST_TEST((s.fsm.on_want_newer(s.look()) == effects{})); // before a quarter of the lifetime
    BOOST_TEST((s.wake_in() == 890s));
    s.pass(890s);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(somebody_who_wants_a_newer_token_than_a_young_one_does_not_stand_in_the_way_of_a_rejection)
{
    fsm_story s;
    s.fresh(3600s);
    BOOST_TEST((s.fsm.on_want_newer(s.look()) == effects{})); // not before a quarter of its life
    BOOST_TEST((s.wake_in() == 900s));
    BOOST_TEST(s.fsm.rejection_forces());
    BOOST_TEST((s.rejected() == effects{.begin = dialogue::exchange})); // at once
    BOOST_TEST(s.fsm.withheld());
}

BOOST_AUTO_TEST_CASE(nor_does_it_renew_the_token_early_when_nobody_wants_it_any_more)
{
    fsm_story s;
    s.fresh(3600s);
    BOOST_TEST((s.fsm.on_want_newer(s.look()) == effects{}));
    s.pass(900s);
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.wake_in() == 2400s)); // when it is due
    s.waiters = true;
    BOOST_TEST((s.fsm.on_want_newer(s.look()) == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(lifetimes_of_nothing_make_no_hot_loop)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    s.tokens({});
    BOOST_TEST((s.get() == effects{.serve = true}));
    BOOST_TEST((s.wake_in() == 3600s));
    s.pass(3600s);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(closing_fails_everybody_and_begins_nothing)
{
    fsm_story s;
    s.get();
    BOOST_TEST((s.fsm.on_close() == effects{.fail_all = true, .error = errc::closed}));
    BOOST_TEST((s.get() == effects{.fail_all = true, .error = errc::closed}));
    BOOST_TEST((s.tokens(3600s) == effects{})); // the exchange under way ended; its tokens are saved, not served
    BOOST_TEST((s.wake_in() == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_SUITE_END()
