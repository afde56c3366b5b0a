// Scenes of grants that are refused, and of people.
#include "simulation/scene.hpp"
#include "support/print_errc.hpp"

using namespace simulation;
using afresh::errc;
using afresh::source_state;

BOOST_AUTO_TEST_SUITE(scenes_refused)

BOOST_AUTO_TEST_CASE(a_refused_grant_is_told_once_and_not_sent_again)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    s.w.server.revoke_grant();
    s.w.run_for(58min); // refused behind the scenes; the token held is served while it lasts
    const told t = s.get();
    BOOST_TEST(!t.ec);
    s.w.run_for(5min);
    for (int i = 0; i < 10; ++i) {
        const told refused = s.get();
        BOOST_TEST(refused.ec == errc::sign_in_required);
        BOOST_TEST((refused.waited < 100ms)); // the store is asked again, the server is not
        s.w.run_for(10min);
    }
    BOOST_TEST(s.requests() == 2u);
    BOOST_TEST((s.status().state == source_state::refused));
    BOOST_TEST(s.status().last_diagnostics.error == "invalid_grant");
}

// Somebody else has used the refresh token, and the server ends the grant when it comes a second time. No answer was
// lost here, and that is told apart.
BOOST_AUTO_TEST_CASE(B13_a_stolen_refresh_token_is_no_lost_answer_and_nothing_more_is_sent)
{
    scene s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    const afresh::chain_record record = s.record();
    s.w.server.steal(record.refresh_token.reveal(), s.w.now());
    s.w.check.lease_lapsed(s.w.server.find_refresh(record.refresh_token.reveal())); // what follows is no client's fault
    s.w.run_for(1h);
    BOOST_TEST(s.get().ec == errc::sign_in_required); // and not rotation_in_doubt
    BOOST_TEST(s.status().last_diagnostics.error == "invalid_grant");
    BOOST_TEST(s.requests() == 2u);
    s.w.run_for(24h);
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    BOOST_TEST(s.requests() == 2u);
    BOOST_TEST(s.w.server.reuse_events == 1u);
}

BOOST_AUTO_TEST_CASE(a_refused_grant_stays_refused_after_a_restart)
{
    scene s;
    s.p.start();
    s.w.server.revoke_grant();
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    s.p.crash();
    s.w.run_for(1min);
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    BOOST_TEST(s.requests() == 1u);
}

BOOST_AUTO_TEST_CASE(a_stored_token_is_served_after_a_restart_though_the_grant_is_dead)
{
    scene s;
    s.w.server.habits.lifetime = 8h;
    s.w.policy.ahead_max = 2h;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    s.w.server.revoke_grant();
    const told t = s.get();
    const auto renewed = s.begin_renew(t.token);
    s.finish(renewed);
    BOOST_TEST(renewed->ec == errc::sign_in_required);
    s.p.crash();
    s.w.run_for(1min);
    BOOST_TEST(!s.get().ec); // a new life has not heard of the 401
}

BOOST_AUTO_TEST_CASE(a_bare_401_is_no_verdict_until_it_came_three_times)
{
    scene s;
    s.w.server.habits.refuses_with_bare_401 = true;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    s.w.server.revoke_grant();
    s.w.run_for(1h);
    const std::size_t before = s.requests();
    const told t = s.get(10min);
    BOOST_TEST(t.ec == errc::sign_in_required);
    BOOST_TEST(s.requests() >= before);
    BOOST_TEST(!s.record().refresh_token.empty());
    const std::size_t after = s.requests();
    s.w.run_for(1h);
    BOOST_TEST(s.requests() == after);
}

BOOST_AUTO_TEST_CASE(the_sign_in_hook_is_called_once_and_brings_new_tokens)
{
    scene s;
    s.p.has_sign_in_hook = true;
    s.p.sign_in_takes = 5min;
    s.p.start();
    s.w.server.revoke_grant();
    BOOST_TEST(s.get().ec == errc::sign_in_required); // callers do not wait for people
    for (int i = 0; i < 5; ++i) BOOST_TEST(s.get().ec == errc::sign_in_required);
    BOOST_TEST(s.p.hook_calls == 1u);
    s.w.run_for(6min);
    const told t = s.get();
    BOOST_TEST(!t.ec);
    BOOST_TEST(t.token.generation() > 1u);
    BOOST_TEST(s.p.hook_calls == 1u);
    s.w.run_for(1h);
    BOOST_TEST(!s.get().ec); // and they are renewed
}

BOOST_AUTO_TEST_CASE(a_hook_that_finds_nobody_is_called_again_when_the_grant_is_retried)
{
    scene s;
    s.p.has_sign_in_hook = true;
    s.p.sign_in_fails = 1;
    s.p.start();
    s.w.server.revoke_grant();
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    s.w.run_for(1h);
    BOOST_TEST(s.p.hook_calls == 1u);
    s.p.sign_in_fails = 0;
    retry_grant(s.w, s.p);
    s.w.run_for(10min);
    BOOST_TEST(s.p.hook_calls == 2u);
    BOOST_TEST(!s.get().ec);
}

BOOST_AUTO_TEST_CASE(retry_grant_sends_a_refused_grant_once_more)
{
    scene s;
    s.p.start();
    s.w.server.habits.error_instead = "invalid_grant";
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    s.w.server.habits.error_instead.clear(); // somebody put it right
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    retry_grant(s.w, s.p);
    s.w.run_for(10s);
    BOOST_TEST(!s.get().ec);
}

BOOST_AUTO_TEST_CASE(retry_grant_survives_a_store_that_fails_just_then)
{
    scene s;
    s.p.start();
    s.w.server.habits.error_instead = "invalid_grant";
    BOOST_TEST(s.get().ec == errc::sign_in_required);
    s.w.server.habits.error_instead.clear();
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 20ms});
    retry_grant(s.w, s.p);
    BOOST_TEST(!s.get(2min).ec);
}

BOOST_AUTO_TEST_CASE(tokens_set_during_a_refresh_wait_for_it_and_win)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_for(100ms); // under way
    set_new_tokens(s.w, s.p, true);
    s.finish(caller);
    s.w.run_for(10s);
    BOOST_TEST(!caller->ec);
    const told t = s.get();
    BOOST_TEST(!t.ec);
    BOOST_TEST(t.token.generation() > caller->token.generation());
    s.w.run_for(1h);
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.w.server.reuse_events == 0u);
}

BOOST_AUTO_TEST_CASE(with_new_tokens_at_hand_a_refusal_of_the_old_ones_is_nobody_s_concern)
{
    scene s;
    s.p.has_sign_in_hook = true;
    s.p.start();
    s.w.server.revoke_grant();
    const auto caller = s.begin_get();
    s.w.run_for(100ms); // under way
    set_new_tokens(s.w, s.p, true);
    s.finish(caller);
    BOOST_TEST(!caller->ec);
    s.w.run_for(10min);
    BOOST_TEST(s.p.hook_calls == 0u);
}

BOOST_AUTO_TEST_CASE(a_new_sign_in_without_an_access_token_is_exchanged_at_once_when_asked_for)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    s.w.run_for(10s);
    set_new_tokens(s.w, s.p, false);
    s.w.run_for(5s);
    const told t = s.get(5s);
    BOOST_TEST(!t.ec);
    BOOST_TEST(t.token.generation() >= 3u);
}

BOOST_AUTO_TEST_CASE(a_misconfigured_client_is_told_so_and_asks_again_after_a_minute)
{
    scene s;
    s.p.start();
    s.w.server.habits.error_instead = "invalid_client";
    const told t = s.get_impatient();
    BOOST_TEST(t.ec == errc::misconfigured);
    BOOST_TEST((t.ec == afresh::condition::misconfigured));
    BOOST_TEST(s.status().last_diagnostics.error == "invalid_client");
    for (int i = 0; i < 10; ++i) BOOST_TEST(s.get_impatient().ec == errc::misconfigured);
    BOOST_TEST(s.requests() == 1u);
    s.w.run_for(50s);
    BOOST_TEST(s.requests() == 1u);
    s.w.server.habits.error_instead.clear();
    BOOST_TEST(!s.get(5min).ec);
    BOOST_TEST(s.requests() == 2u);
}

BOOST_AUTO_TEST_CASE(destroying_the_source_during_an_exchange_tells_the_callers_and_saves_the_answer)
{
    scene s;
    s.p.start();
    const auto caller = s.begin_get();
    s.w.run_until(1min, [&] { return s.requests() == 1; });
    s.p.destroy_source();
    s.finish(caller);
    BOOST_TEST(caller->ec == errc::closed);
    s.w.run_for(1min);
    BOOST_TEST(s.record().generation == 2u);
    s.p.crash();
    s.w.run_for(10s);
    BOOST_TEST(!s.get().ec);
    BOOST_TEST(s.requests() == 1u); // it was in the store
}

BOOST_AUTO_TEST_SUITE_END()
