// Scenes of several processes that share one chain. A test that begins with A or B and a number is that row of the
// catalogue of faults.
#include "simulation/scene.hpp"
#include "support/print_errc.hpp"

#include <initializer_list>

using namespace simulation;
using afresh::errc;

namespace {

struct fleet_scene : scene {
    explicit fleet_scene(std::size_t size = 2)
    {
        w.store.habits.tells = 1;
        while (w.processes.size() < size) w.add_process().original_grant = p.original_grant;
    }

    // All of them have had a token.
    void begin()
    {
        for (auto& each : w.processes) each->start();
        for (auto& each : w.processes) BOOST_TEST(!get(*each).ec);
    }
    // Nobody asks until nobody has a token that is good.
    void forget()
    {
        w.run_for(40min);
        before_ = w.check.requests;
    }
    std::size_t requests_since() const { return w.check.requests - before_; }
    told get(process& who, std::chrono::milliseconds max_wait = 30s)
    {
        const auto r = begin_get(who, max_wait);
        finish(r);
        return *r;
    }
    std::shared_ptr<told> begin_get(process& who, std::chrono::milliseconds max_wait = 30s)
    {
        const auto r = std::make_shared<told>();
        const std::size_t id = w.check.wait_started(who, wait::kind::plain, max_wait);
        afresh::get_options o;
        o.max_wait(max_wait);
        who.tokens()->async_get(o, [this, r, &who, id](afresh::error_code ec, afresh::access_token t) {
            *r = {ec, t, {}, true};
            w.check.wait_ended(who, id, ec, text_of(t));
        });
        return r;
    }
    // The first process begins an exchange and is stopped there, for longer than a lease that is a time.
    std::shared_ptr<told> begin_get_and_stop(crash_point where)
    {
        p.crash_at = where;
        p.stops_for = 30s;
        return begin_get(p, 10min);
    }
    process& other() { return *w.processes[1]; }
    bool lives() const { return w.server.reuse_events == 0; }

private:
    std::size_t before_{};
};

} // namespace

BOOST_AUTO_TEST_SUITE(scenes_fleet)

BOOST_AUTO_TEST_CASE(A6_A27_sixty_four_processes_ask_the_server_once_a_generation)
{
    fleet_scene s(64);
    s.begin();
    for (int hour = 0; hour < 3; ++hour)
        for (int i = 0; i < 60; ++i) {
            for (auto& each : s.w.processes) BOOST_TEST(!s.get(*each).ec);
            s.w.run_for(1min);
        }
    BOOST_TEST(s.requests() == s.w.server.rotations);
    BOOST_TEST(s.requests() == s.record().generation - 1); // the sign-in was the first
    BOOST_TEST(s.requests() < 80u);
    BOOST_TEST(s.lives());
}

BOOST_AUTO_TEST_CASE(others_have_a_new_token_as_soon_as_they_hear_of_it)
{
    fleet_scene s;
    s.begin();
    s.forget();
    BOOST_TEST(!s.get(s.p).ec);
    s.w.run_for(100ms);
    const auto there = s.begin_get(s.other());
    s.w.settle();
    BOOST_TEST(there->done);
    BOOST_TEST(s.requests_since() == 1u);
}

BOOST_AUTO_TEST_CASE(whoever_is_not_told_finds_the_new_token_when_the_old_one_is_due)
{
    fleet_scene s;
    s.w.store.habits.tells = 0;
    s.begin();
    for (int i = 0; i < 60; ++i) {
        for (auto& each : s.w.processes) BOOST_TEST(!s.get(*each).ec);
        s.w.run_for(1min);
    }
    BOOST_TEST(s.requests() == s.w.server.rotations);
    BOOST_TEST(s.lives());
}

// The lease was lost while the first answer was on its way, and the other process was faster.
BOOST_AUTO_TEST_CASE(a_slow_first_answer_that_is_overtaken_by_a_resend_is_no_loss)
{
    fleet_scene s;
    s.w.store.habits.local = false;
    s.w.server.habits.rule = reuse_rule::same_successor;
    s.w.server.habits.grace = 10min;
    s.begin();
    s.forget();
    s.next(weather::slow);
    const auto first = s.begin_get(s.p, 10min);
    s.w.run_until(s.w.now() + 1min, [&] { return s.requests_since() == 1; });
    s.w.store.habits.outages.push_back({s.w.now(), s.w.now() + 9s}); // longer than the lease
    BOOST_TEST(!s.get(s.other(), 10min).ec);
    s.finish(first);
    BOOST_TEST(!first->ec);
    BOOST_TEST(s.p.hook_calls == 0u);
}

BOOST_AUTO_TEST_CASE(A8_a_holder_that_dies_after_the_intent_is_succeeded_by_another)
{
    for (const bool local : {true, false}) {
        fleet_scene s;
        s.w.store.habits.local = local;
        s.begin();
        s.forget();
        s.p.comes_back_in.reset();
        s.p.crash_at = crash_point::intent_written;
        s.begin_get(s.p);
        s.w.run_for(1s);
        BOOST_TEST(!s.p.alive());
        const auto began = s.w.now();
        BOOST_TEST(!s.get(s.other()).ec);
        BOOST_TEST((s.w.now() - began < (local ? 4s : 10s)));
        BOOST_TEST(s.lives());
    }
}

// Stopped past its lease with the answer in hand: what it holds is saved when it wakes up, whatever the fence, unless
// the other one has had to send the same refresh token meanwhile. On one machine it keeps its lease.
BOOST_AUTO_TEST_CASE(A9_a_holder_that_was_stopped_with_the_answer_in_hand_saves_it)
{
    fleet_scene s;
    s.begin();
    s.forget();
    const auto first = s.begin_get_and_stop(crash_point::answer_read);
    s.w.run_for(2s);
    BOOST_TEST(!s.get(s.other(), 10min).ec);
    s.finish(first);
    BOOST_TEST(!first->ec);
    BOOST_TEST(s.requests_since() == 1u);
    BOOST_TEST(s.lives());
}

BOOST_AUTO_TEST_CASE(A12_a_store_that_went_back_in_time_gets_the_newer_refresh_token_back)
{
    fleet_scene s;
    s.begin();
    const afresh::chain_record backup = s.record();
    s.forget();
    for (auto& each : s.w.processes) BOOST_TEST(!s.get(*each).ec);
    const std::uint64_t newest = s.record().generation;
    BOOST_TEST(newest > backup.generation + 1);
    s.forget();
    s.w.store.at("principal 0").record = backup;
    for (auto& each : s.w.processes) BOOST_TEST(!s.get(*each).ec);
    BOOST_TEST(s.record().generation > newest);
    BOOST_TEST(s.lives());
}

// An outage of the server is met by the fleet as by one process: the pause is in the store.
BOOST_AUTO_TEST_CASE(A28_a_fleet_backs_off_like_one_process)
{
    std::size_t sent[2];
    for (const int size : {1, 8}) {
        fleet_scene s(static_cast<std::size_t>(size));
        s.begin();
        s.forget();
        s.weather_for(30min, weather::too_many);
        const std::size_t before = s.requests();
        for (int i = 0; i < 30 * 60; ++i) {
            for (auto& each : s.w.processes) s.begin_get(*each, 1s);
            s.w.run_for(1s);
        }
        sent[size > 1] = s.requests() - before;
    }
    BOOST_TEST_MESSAGE("in half an hour one process sent " << sent[0] << " requests, eight sent " << sent[1]);
    BOOST_TEST(sent[0] > 10u);
    BOOST_TEST(sent[1] < 3 * sent[0]);
}

BOOST_AUTO_TEST_CASE(a_commit_that_is_acknowledged_late_or_never_is_found_to_be_done)
{
    for (const double fails_after : {0.0, 1.0}) {
        fleet_scene s;
        s.begin();
        s.forget();
        const auto first = s.begin_get(s.p, 10min);
        s.w.run_until(s.w.now() + 1min, [&] { return s.requests_since() == 1; });
        s.w.store.habits.fails_after = fails_after;
        s.w.store.habits.fastest = s.w.store.habits.slowest = 5s;
        s.w.run_for(20s);
        s.w.store.habits.fails_after = 0;
        s.w.store.habits.fastest = s.w.store.habits.slowest = 1ms;
        s.finish(first);
        BOOST_TEST(!first->ec);
        BOOST_TEST(!s.get(s.other()).ec);
        BOOST_TEST(s.requests_since() == 1u);
        BOOST_TEST(s.lives());
    }
}

BOOST_AUTO_TEST_CASE(a_lost_answer_and_then_a_429_on_the_resend_leave_the_doubt)
{
    fleet_scene s;
    s.w.server.habits.rule = reuse_rule::same_successor;
    s.w.server.habits.grace = 30s;
    s.w.net.habits.latest = 2ms;
    s.begin();
    s.forget();
    s.next(weather::late);
    s.next(weather::too_many);
    const auto first = s.begin_get(s.p, 2min);
    s.w.run_until(s.w.now() + 1min, [&] { return s.requests_since() == 2; });
    s.w.run_for(200ms);
    BOOST_TEST(s.record().intent.in_doubt);
    s.finish(first);
    BOOST_TEST(!first->ec);
    BOOST_TEST(!s.get(s.other()).ec);
    BOOST_TEST(s.lives());
}

// Between its lease and its first byte the holder is stopped for longer than the lease.
BOOST_AUTO_TEST_CASE(A41_a_sign_out_or_a_sign_in_while_the_holder_is_stopped_before_its_request_stops_that)
{
    for (const bool out : {true, false}) {
        fleet_scene s;
        s.w.store.habits.local = false;
        s.begin();
        s.forget();
        const auto first = s.begin_get_and_stop(crash_point::intent_written);
        s.w.run_for(1s);
        if (out)
            sign_out(s.w, s.other());
        else
            set_new_tokens(s.w, s.other(), true);
        s.finish(first);
        if (out)
            BOOST_TEST(first->ec == errc::sign_in_required);
        else
            BOOST_TEST(!first->ec);
        BOOST_TEST(s.requests_since() == 0u);
        BOOST_TEST(s.lives());
    }
}

BOOST_AUTO_TEST_CASE(A41_an_answer_that_comes_after_another_process_signed_out_is_revoked_and_not_used)
{
    fleet_scene s;
    s.w.store.habits.local = false;
    s.begin();
    s.forget();
    const auto first = s.begin_get_and_stop(crash_point::rotated);
    s.w.run_for(2s);
    BOOST_TEST(s.requests_since() == 1u);
    sign_out(s.w, s.other());
    s.finish(first);
    BOOST_TEST(first->ec == errc::sign_in_required);
    s.w.run_for(10s);
    BOOST_TEST((s.record().state == afresh::grant_state::signed_out));
    BOOST_TEST(!s.w.server.family_lives(s.w.server.refresh(s.p.original_grant).family));
    for (auto& each : s.w.processes) BOOST_TEST(s.get(*each).ec == errc::sign_in_required);
    BOOST_TEST(s.requests_since() == 1u);
}

// DESIGN section 4: "the sign-in hook runs once per fleet".
BOOST_AUTO_TEST_CASE(one_process_of_a_fleet_asks_its_human_and_if_nobody_signs_in_another_one_does_later)
{
    fleet_scene s(4);
    for (auto& each : s.w.processes) {
        each->has_sign_in_hook = true;
        each->sign_in_fails = 1;
    }
    const auto asked = [&] {
        std::size_t n = 0;
        for (auto& each : s.w.processes) n += each->hook_calls;
        return n;
    };
    s.begin();
    s.forget();
    s.w.server.revoke_grant();
    for (int i = 0; i < 50; ++i) {
        for (auto& each : s.w.processes) BOOST_TEST(s.get(*each).ec == errc::sign_in_required);
        s.w.run_for(10s);
    }
    BOOST_TEST(asked() == 1u);
    for (std::size_t others = 2; others <= 4; ++others) {
        for (int i = 0; i < 61; ++i) {
            for (auto& each : s.w.processes) BOOST_TEST(s.get(*each).ec == errc::sign_in_required);
            s.w.run_for(10s);
        }
        BOOST_TEST(asked() == others);
    }
    s.w.run_for(1h);
    for (auto& each : s.w.processes) BOOST_TEST(s.get(*each).ec == errc::sign_in_required);
    BOOST_TEST(asked() == 4u); // each once
    // One that is started again asks anew, and this time somebody is there.
    s.p.sign_in_fails = 0;
    s.p.comes_back_in.reset();
    s.p.crash();
    s.p.start();
    BOOST_TEST(s.get(s.p).ec == errc::sign_in_required);
    s.w.run_for(2min);
    BOOST_TEST(asked() == 5u);
    for (auto& each : s.w.processes) BOOST_TEST(!s.get(*each).ec);
}

BOOST_AUTO_TEST_CASE(a_new_sign_in_at_one_process_reaches_those_whose_grant_was_refused)
{
    for (const double tells : {1.0, 0.0}) {
        fleet_scene s;
        s.w.store.habits.tells = tells;
        s.begin();
        s.forget();
        s.w.server.revoke_grant();
        for (auto& each : s.w.processes) BOOST_TEST(s.get(*each).ec == errc::sign_in_required);
        set_new_tokens(s.w, s.p, true);
        s.w.run_for(6s);
        BOOST_TEST(!s.get(s.other()).ec);
    }
}

BOOST_AUTO_TEST_SUITE_END()
