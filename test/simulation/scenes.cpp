// What a program lives through, scene by scene. The invariants are checked after every step of each.
#include "simulation/scene.hpp"
#include "support/print_errc.hpp"

using namespace simulation;
using afresh::errc;
using afresh::source_state;

BOOST_AUTO_TEST_SUITE(scenes)

BOOST_AUTO_TEST_CASE(the_first_token_is_fetched_when_somebody_asks)
{
    scene s;
    s.p.start();
    s.w.run_for(1h);
    BOOST_TEST(s.requests() == 0u); // nobody asked
    const told t = s.get();
    BOOST_TEST(!t.ec);
    BOOST_TEST(t.token.authorization().starts_with("Bearer A-"));
    BOOST_TEST(s.requests() == 1u);
    BOOST_TEST((s.status().state == source_state::fresh));
}

BOOST_AUTO_TEST_CASE(callers_who_come_together_share_one_request)
{
    scene s;
    s.p.start();
    std::vector<std::shared_ptr<told>> callers;
    for (int i = 0; i < 50; ++i) callers.push_back(s.begin_get());
    s.finish(callers.back());
    for (const auto& c : callers) BOOST_TEST((c->done && !c->ec));
    BOOST_TEST(s.requests() == 1u);
}

BOOST_AUTO_TEST_CASE(a_used_token_is_renewed_before_it_is_due_and_nobody_waits)
{
    scene s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    for (int i = 0; i < 100; ++i) {
        s.w.run_for(30s);
        const told t = s.get();
        BOOST_TEST(!t.ec);
        BOOST_TEST(t.waited.count() == 0);
    }
    BOOST_TEST(s.requests() > 12u); // 3,000 s of 300 s tokens
    BOOST_TEST(s.requests() < 22u);
    BOOST_TEST(s.w.server.rotations == s.requests());
}

BOOST_AUTO_TEST_CASE(an_unused_token_is_not_renewed_for_ever)
{
    scene s;
    s.p.start();
    BOOST_TEST(!s.get().ec);
    s.w.run_for(10h);
    BOOST_TEST(s.requests() < 10u); // 15 minutes' worth
    BOOST_TEST(!s.get().ec);
}

BOOST_AUTO_TEST_CASE(during_an_outage_the_old_token_is_served_until_it_expires)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    const told first = s.get();
    s.w.run_for(40min);
    s.weather_for(2h, weather::refused);
    for (int i = 0; i < 19; ++i) {
        const told t = s.get();
        BOOST_TEST(!t.ec);
        BOOST_TEST(t.token.generation() == first.token.generation());
        s.w.run_for(1min);
    }
    s.w.run_for(2min); // expired
    const told t = s.get_impatient();
    BOOST_TEST(t.ec == errc::temporarily_unavailable);
    BOOST_TEST((t.ec == afresh::condition::retry_later));
    BOOST_TEST((t.waited < 100ms)); // the failures before it told enough; only the store is asked again
    s.w.run_for(2h);
    BOOST_TEST(!s.get().ec); // and it was over by itself
}

BOOST_AUTO_TEST_CASE(a_patient_caller_outlasts_an_outage)
{
    scene s;
    s.p.start();
    s.weather_for(5min, weather::gateway_503);
    const told t = s.get(20min);
    BOOST_TEST(!t.ec);
    BOOST_TEST(t.waited > 5min);
    BOOST_TEST(t.waited < 7min); // the pauses between attempts grow to a minute at most
}

BOOST_AUTO_TEST_CASE(a_server_that_asks_for_an_hour_gets_it)
{
    scene s;
    s.w.net.habits.retry_after = 3600s;
    s.p.start();
    s.next(weather::too_many);
    const told t = s.get(10min);
    BOOST_TEST(t.ec == errc::wait_timed_out);
    BOOST_TEST(s.requests() == 1u);
    s.w.run_for(30min);
    BOOST_TEST(s.get(5min).ec == errc::wait_timed_out);
    BOOST_TEST(s.requests() == 1u);
    s.w.run_for(20min);
    BOOST_TEST(!s.get().ec);
}

BOOST_AUTO_TEST_CASE(a_burst_of_401s_shares_one_refresh)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    const told t = s.get();
    s.w.server.revoke_access_tokens();
    std::vector<std::shared_ptr<told>> callers;
    for (int i = 0; i < 100; ++i) callers.push_back(s.begin_renew(t.token));
    s.finish(callers.back());
    for (const auto& c : callers) BOOST_TEST((c->done && !c->ec));
    BOOST_TEST(s.requests() == 2u);
    const auto late = s.begin_renew(t.token); // it had the old one still
    s.finish(late);
    BOOST_TEST(!late->ec);
    BOOST_TEST(s.requests() == 2u);
}

BOOST_AUTO_TEST_CASE(a_resource_that_refuses_every_token_cannot_make_it_refresh_without_end)
{
    scene s;
    s.w.server.habits.lifetime = 3600s;
    s.p.start();
    told t = s.get();
    for (int i = 0; i < 60; ++i) {
        const auto r = s.begin_renew(t.token);
        s.finish(r);
        if (!r->ec) t = *r;
        s.w.run_for(1s);
    }
    BOOST_TEST(s.requests() <= 1u + 3u + 60u / 20u); // a bucket of three, one more each 30 s
    BOOST_TEST(s.requests() >= 4u);
}

BOOST_AUTO_TEST_CASE(a_server_that_names_no_lifetime_is_not_asked_again_and_again)
{
    using form = server_habits::form;
    for (const form f : {form::missing, form::null, form::negative, form::huge, form::number}) {
        scene s;
        s.w.server.habits.expires_in = f;
        s.w.server.habits.lifetime = 0s; // also as a number
        s.p.start();
        const told first = s.get();
        BOOST_TEST(!first.ec);
        for (int i = 0; i < 100; ++i) {
            s.w.run_for(10s);
            BOOST_TEST(!s.get().ec);
        }
        BOOST_TEST(s.requests() == 1u);
        s.w.run_for(50min);
        BOOST_TEST(!s.get().ec);
        s.w.run_for(1min);
        BOOST_TEST(s.requests() == 2u); // an hour later
    }
}

BOOST_AUTO_TEST_CASE(a_lifetime_of_one_second_does_not_make_a_hot_loop)
{
    scene s;
    s.w.server.habits.lifetime = 1s;
    s.p.start();
    for (int i = 0; i < 600; ++i) {
        BOOST_TEST(!s.get().ec);
        s.w.run_for(100ms);
    }
    BOOST_TEST(s.requests() <= s.w.now() / 1s + 1);
}

BOOST_AUTO_TEST_CASE(a_caller_that_cancels_leaves_the_exchange_alone)
{
    scene s;
    s.p.start();
    visit v;
    v.cancels_after = 50ms;
    begin_visit(s.w, s.p, v);
    v.calls_back = true;
    begin_visit(s.w, s.p, v);
    s.w.run_for(10s);
    BOOST_TEST(s.w.check.failed_waits == 2u);
    BOOST_TEST(s.requests() == 1u);
    BOOST_TEST(s.record().generation == 2u);
    BOOST_TEST(s.get().waited.count() == 0); // it is there for the next
}

BOOST_AUTO_TEST_SUITE_END()
