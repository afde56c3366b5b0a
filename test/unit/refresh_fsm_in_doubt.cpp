// In doubt: the request was sent and no verdict came back (FAULTS section 0, A1, A2); and the store's part in an
// exchange.

#include "support/fsm_story.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::core;
using namespace afresh::test;
using namespace std::chrono_literals;

BOOST_TEST_DONT_PRINT_LOG_VALUE(afresh::core::effects)

BOOST_AUTO_TEST_SUITE(in_doubt)

BOOST_AUTO_TEST_CASE(after_a_5xx_the_same_token_is_resent_within_a_second)
{
    fsm_story s;
    s.get();
    s.waiters = true;
    BOOST_TEST((s.answer(verdict::in_doubt, {.after_5xx = true}) == effects{}));
    BOOST_TEST((s.wake_in() == 600ms)); // 0.2 s + 0.5 * 0.8 s
    BOOST_TEST(s.fsm.in_doubt());
}

BOOST_AUTO_TEST_CASE(after_a_cut_the_resend_waits_half_the_grace_but_three_seconds_at_most)
{
    fsm_story unknown;
    unknown.get();
    unknown.answer(verdict::in_doubt);
    BOOST_TEST((unknown.wake_in() == 3s));
    fsm_story brief({.rotation_grace = 4s});
    brief.get();
    brief.answer(verdict::in_doubt);
    BOOST_TEST((brief.wake_in() == 2s));
}

BOOST_AUTO_TEST_CASE(there_are_two_prompt_resends_at_most)
{
    fsm_story s;
    s.renew();
    s.answer(verdict::in_doubt, {.sends = 2, .first_sent_ago = 3s});
    BOOST_TEST((s.wake_in() == 3s));
    s.pass_to_wake();
    s.get();
    s.tick();
    s.answer(verdict::in_doubt, {.sends = 3, .first_sent_ago = 6s});
    BOOST_TEST((s.wake_in() > 200s)); // 30 s before the token stops being usable
}

BOOST_AUTO_TEST_CASE(no_prompt_resend_leaves_the_grace)
{
    fsm_story s;
    s.renew();
    s.answer(verdict::in_doubt, {.sends = 1, .first_sent_ago = 120s}); // 120 s of silence: the grace is over
    BOOST_TEST((s.wake_in() == 3590s - 30s - 3300s));
}

BOOST_AUTO_TEST_CASE(a_prompt_resend_that_comes_too_late_is_held_back)
{
    fsm_story s;
    s.renew();
    s.answer(verdict::in_doubt);
    BOOST_TEST((s.wake_in() == 3s));
    s.waiters = true;
    s.pass(11s); // a busy lease, a suspended machine
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.wake_in() == 3590s - 30s - 3311s));
    s.pass_to_wake();
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(in_suspend_the_grace_runs_out_too)
{
    fsm_story s;
    s.renew();
    s.answer(verdict::in_doubt);
    s.pass_to_wake();
    s.now.wall += 60s; // the monotonic clock stood still
    BOOST_TEST((s.tick() == effects{}));
    BOOST_TEST((s.wake_in() == 3590s - 30s - 3303s));
}

BOOST_AUTO_TEST_CASE(it_is_held_back_also_when_the_store_or_the_connection_was_slow)
{
    fsm_story s;
    s.renew();
    s.answer(verdict::in_doubt);
    s.pass_to_wake();
    s.waiters = true;
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    BOOST_TEST(!s.fsm.must_hold_back(s.now));
    BOOST_TEST(s.fsm.must_hold_back(after(s.now, 8s)));    // the shell asks before the first byte
    BOOST_TEST(!s.fsm.must_hold_back(after(s.now, 257s))); // 30 s before the token stops being usable
    s.pass(20s);
    s.answer(verdict::not_sent, {.first_sent_ago = 23s, .in_doubt = true});
    BOOST_TEST((s.wake_in() == 3590s - 30s - 3323s));
}

BOOST_AUTO_TEST_CASE(the_prompt_resend_does_not_depend_on_callers)
{
    fsm_story s({.unused = unused_sources::on_demand});
    s.renew();
    s.answer(verdict::in_doubt);
    s.pass_to_wake();
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange})); // within the grace the successor may yet be had
    s.answer(verdict::in_doubt, {.sends = 3, .first_sent_ago = 4s});
    s.pass_to_wake();
    BOOST_TEST((s.tick() == effects{})); // from here on it is on demand again
}

BOOST_AUTO_TEST_CASE(a_server_without_grace_is_not_asked_before_the_token_runs_out)
{
    fsm_story s({.rotation_grace = 0ms});
    s.renew();
    BOOST_TEST(s.answer(verdict::in_doubt, {.after_5xx = true}).serve);
    BOOST_TEST((s.wake_in() == 3590s - 30s - 3300s));
    BOOST_TEST((s.get() == effects{.serve = true}));
    s.pass(260s);
    s.waiters = true;
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(without_a_usable_token_the_resend_comes_under_backoff)
{
    fsm_story s({.rotation_grace = 0ms});
    s.get();
    s.waiters = true;
    s.answer(verdict::in_doubt);
    BOOST_TEST((s.wake_in() == 250ms));
}

BOOST_AUTO_TEST_CASE(a_rejected_token_ends_the_deferral)
{
    fsm_story s({.rotation_grace = 0ms});
    s.renew();
    s.answer(verdict::in_doubt);
    BOOST_TEST((s.wake_in() == 260s));
    s.waiters = true;
    s.rejected();
    BOOST_TEST((s.wake_in() < 1s));
}

BOOST_AUTO_TEST_CASE(a_refusal_after_doubt_says_rotation_in_doubt)
{
    fsm_story s;
    s.get();
    s.answer(verdict::in_doubt);
    s.waiters = true;
    s.pass_to_wake();
    s.tick();
    BOOST_TEST((s.answer(verdict::refused, {.in_doubt = true}) ==
                effects{.fail_all = true, .error = errc::rotation_in_doubt, .sign_in = true}));
}

BOOST_AUTO_TEST_CASE(one_clean_rotation_clears_the_doubt)
{
    fsm_story s;
    s.get();
    s.answer(verdict::in_doubt);
    s.waiters = true;
    s.pass_to_wake();
    s.tick();
    s.tokens(3600s);
    BOOST_TEST(!s.fsm.in_doubt());
}

BOOST_AUTO_TEST_CASE(a_token_found_with_a_dead_holder_s_intent_is_served_and_the_resend_planned)
{
    fsm_story s;
    s.get();
    dialogue_result r;
    r.end = dialogue_end::tokens;
    r.times = schedule(s.now, 3600s, s.policy, 0);
    r.in_doubt = true;
    r.sends = 1;
    r.first_sent = after(s.now, -1s);
    r.cause = errc::temporarily_unavailable;
    BOOST_TEST(s.fsm.on_result(r, s.look()).serve);
    BOOST_TEST((s.wake_in() == 3s));
    BOOST_TEST(s.fsm.in_doubt());
}

BOOST_AUTO_TEST_CASE(a_store_that_fails_before_the_post_is_a_transient_failure)
{
    fsm_story s;
    s.get();
    s.waiters = true;
    BOOST_TEST((s.ended(dialogue_end::store_failed) == effects{}));
    s.pass_to_wake();
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
    s.ended(dialogue_end::store_failed);
    s.pass_to_wake();
    s.tick();
    BOOST_TEST((s.ended(dialogue_end::store_failed) == effects{.fail_impatient = true, .error = errc::store_failed}));
}

BOOST_AUTO_TEST_CASE(tokens_that_could_not_be_saved_are_served_and_saving_is_retried_each_half_second)
{
    fsm_story s;
    s.get();
    BOOST_TEST((s.tokens(3600s, true) == effects{.serve = true}));
    BOOST_TEST(s.fsm.unsaved());
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST((s.wake_in() == 500ms));
        s.pass(500ms);
        BOOST_TEST((s.tick() == effects{.begin = dialogue::save}));
        BOOST_TEST((s.tick() == effects{}));
        BOOST_TEST((s.ended(dialogue_end::store_failed) == effects{.serve = true}));
    }
    s.pass(500ms);
    s.tick();
    BOOST_TEST((s.ended(dialogue_end::saved) == effects{.serve = true}));
    BOOST_TEST(!s.fsm.unsaved());
}

BOOST_AUTO_TEST_CASE(a_store_that_works_again_ends_the_pause_that_it_has_caused)
{
    fsm_story s;
    s.get();
    s.tokens(60s, true);
    s.pass(60s); // the token has expired; nothing is sent before its successor's refresh token is safe
    s.waiters = true;
    s.jitter = 0.999;
    s.get();
    s.ended(dialogue_end::store_failed);
    for (int i = 0; s.get() == effects{}; ++i) {
        BOOST_REQUIRE(i < 20);
        s.pass_to_wake();
        s.tick();
        s.ended(dialogue_end::store_failed);
    }
    BOOST_TEST((s.get() == effects{.fail_impatient = true, .error = errc::store_failed}));
    s.pass(500ms);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::save}));
    BOOST_TEST((s.ended(dialogue_end::saved) == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(a_closed_machine_goes_on_saving)
{
    fsm_story s;
    s.get();
    s.fsm.on_close();
    BOOST_TEST((s.tokens(3600s, true) == effects{}));
    BOOST_TEST((s.wake_in() == 500ms));
    s.pass(500ms);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::save}));
    s.ended(dialogue_end::saved);
    BOOST_TEST((s.wake_in() == std::chrono::nanoseconds::max()));
}

BOOST_AUTO_TEST_CASE(a_busy_lease_is_looked_at_again_and_is_no_failure)
{
    fsm_story s;
    s.waiters = true;
    s.get();
    BOOST_TEST((s.ended(dialogue_end::lease_busy) == effects{}));
    BOOST_TEST((s.wake_in() == 100ms));
    BOOST_TEST(s.fsm.failures() == 0u);
    s.pass(100ms);
    BOOST_TEST((s.tick() == effects{.begin = dialogue::exchange}));
}

BOOST_AUTO_TEST_CASE(a_quarantined_answer_keeps_the_old_token_in_use)
{
    fsm_story s;
    s.renew();
    dialogue_result r;
    r.end = dialogue_end::tokens;
    r.unusable = true;
    r.cause = errc::malformed_response;
    BOOST_TEST(s.fsm.on_result(r, s.look()).serve);
    BOOST_TEST((s.fsm.last_error() == errc::malformed_response));
    BOOST_TEST((s.get() == effects{.serve = true}));
}

BOOST_AUTO_TEST_CASE(without_any_grant_there_is_nothing_to_renew)
{
    fsm_story s;
    s.get();
    BOOST_TEST(
        (s.ended(dialogue_end::no_grant) == effects{.fail_all = true, .error = errc::not_renewable, .sign_in = true}));
    s.fsm.on_command();
    BOOST_TEST((s.tokens(3600s) == effects{.serve = true}));
}

BOOST_AUTO_TEST_SUITE_END()
