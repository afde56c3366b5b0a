#include "core/schedule.hpp"
#include "core/token_bucket.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace afresh;
using namespace afresh::core;
using namespace std::chrono_literals;

namespace {

const moment t0{mono_time(1000h), wall_time(1'700'000'000s)};
const refresh_policy defaults;

auto due_after(std::chrono::seconds lifetime, double jitter = 0)
{
    return schedule(t0, lifetime, defaults, jitter).due.mono - t0.mono;
}
auto usable_for(std::chrono::seconds lifetime)
{
    return schedule(t0, lifetime, defaults, 0).usable_until.mono - t0.mono;
}

} // namespace

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(a_missing_zero_or_negative_lifetime_is_unknown_and_renewed_after_an_hour)
{
    for (const auto lifetime : {std::optional<std::chrono::seconds>(), std::optional(0s), std::optional(-5s)}) {
        const token_times t = schedule(t0, lifetime, defaults, 0.5);
        BOOST_TEST((t.due == after(t0, 1h)));
        BOOST_TEST((t.usable_until == moment::never()));
        BOOST_TEST(!t.lifetime.has_value());
    }
}

BOOST_AUTO_TEST_CASE(the_window_is_a_tenth_of_the_lifetime_between_90_and_300_seconds)
{
    BOOST_TEST((due_after(3600s) == 3600s - 300s)); // 360 s, capped
    BOOST_TEST((due_after(2000s) == 2000s - 200s)); // a tenth
    BOOST_TEST((due_after(600s) == 600s - 90s));    // at least 90 s
    BOOST_TEST((due_after(86400s) == 86400s - 300s));
}

BOOST_AUTO_TEST_CASE(the_window_is_never_more_than_half_the_lifetime)
{
    BOOST_TEST((due_after(100s) == 50s));
    BOOST_TEST((due_after(10s) == 5s));
}

BOOST_AUTO_TEST_CASE(jitter_moves_the_due_time_forward_by_up_to_half_the_window)
{
    BOOST_TEST((due_after(3600s, 0.999) > 3600s - 450s));
    BOOST_TEST((due_after(3600s, 0.5) == 3600s - 375s));
    BOOST_TEST((due_after(100s, 0.5) == 37500ms));
}

BOOST_AUTO_TEST_CASE(a_token_is_used_until_ten_seconds_or_a_tenth_before_its_end)
{
    BOOST_TEST((usable_for(3600s) == 3590s));
    BOOST_TEST((usable_for(50s) == 45s));
    BOOST_TEST((usable_for(5s) == 4500ms));
}

BOOST_AUTO_TEST_CASE(no_lifetime_makes_a_token_due_within_a_second_or_a_quarter_of_it)
{
    for (int life = 1; life <= 120; ++life)
        for (const double jitter : {0.0, 0.5, 0.999}) {
            const token_times t = schedule(t0, std::chrono::seconds(life), defaults, jitter);
            BOOST_TEST((t.due.mono - t0.mono >=
                        std::max<std::chrono::milliseconds>(1s, std::chrono::milliseconds(life * 250))));
            BOOST_TEST((t.floor.mono <= t.due.mono));
        }
}

BOOST_AUTO_TEST_CASE(enormous_lifetimes_and_late_clocks_saturate)
{
    const token_times t = schedule(t0, std::chrono::seconds::max(), defaults, 0);
    BOOST_TEST((t.usable_until.mono > t0.mono + 80'000h));
    const moment late{mono_time::max() - 1s, wall_time::max() - 1s};
    BOOST_TEST((schedule(late, 3600s, defaults, 0).due == moment::never()));
    BOOST_TEST((after({mono_time::min() + 1s, wall_time::min() + 1s}, -1h).mono == mono_time::min()));
}

BOOST_AUTO_TEST_CASE(the_earlier_of_both_clocks_wins)
{
    const moment deadline = after(t0, 60s);
    BOOST_TEST(!deadline.reached(t0));
    BOOST_TEST(deadline.reached({t0.mono + 60s, t0.wall})); // the wall clock was set back
    BOOST_TEST(deadline.reached({t0.mono, t0.wall + 60s})); // the machine was suspended
}

BOOST_AUTO_TEST_CASE(backoff_is_full_jitter_that_doubles_up_to_a_minute_and_is_never_hot)
{
    const auto up_to_a_minute = defaults.backoff_cap;
    BOOST_TEST((backoff(defaults, 0, 0.999, up_to_a_minute) < 500ms));
    BOOST_TEST((backoff(defaults, 3, 0.5, up_to_a_minute) == 2s));
    BOOST_TEST((backoff(defaults, 20, 0.5, up_to_a_minute) == 30s));
    BOOST_TEST((backoff(defaults, 4'000'000'000u, 0.999, up_to_a_minute) < 60s));
    BOOST_TEST((backoff(defaults, 7, 0, up_to_a_minute) == 50ms));
    BOOST_TEST((backoff(defaults, 20, 0.5, 10s) == 5s));
    BOOST_TEST((backoff(defaults, 20, 0.5, 0s) == 50ms));
}

BOOST_AUTO_TEST_CASE(what_is_left_is_until_the_earlier_clock_and_never_negative)
{
    const moment deadline = after(t0, 60s);
    BOOST_TEST((left(deadline, t0) == 60s));
    BOOST_TEST((left(deadline, {t0.mono + 10s, t0.wall + 50s}) == 10s)); // the wall clock was stepped
    BOOST_TEST((left(deadline, after(t0, 61s)) == 0s));
    BOOST_TEST((left(moment::never(), t0) > 24h * 3653));
}

BOOST_AUTO_TEST_CASE(A14_of_what_both_clocks_say_has_passed_the_longer_time_counts)
{
    const moment from{mono_time(1000s), wall_time(5000s)};
    BOOST_TEST((since(from, after(from, 7s)) == 7s));
    BOOST_TEST((since(from, {mono_time(1007s), wall_time(5300s)}) == 300s)); // suspended
    BOOST_TEST((since(from, {mono_time(1007s), wall_time(2000s)}) == 7s));   // set back
    BOOST_TEST((since(from, {mono_time(999s), wall_time(4000s)}) == 0s));
}

BOOST_AUTO_TEST_CASE(a_bucket_without_a_limit_does_not_overflow)
{
    token_bucket bucket;
    refresh_policy p;
    p.forced_burst = std::numeric_limits<unsigned>::max();
    p.forced_interval = 24h * 365;
    for (int i = 0; i < 10'000; ++i) BOOST_TEST(bucket.take(mono_time(1000h), p));
}

BOOST_AUTO_TEST_CASE(what_callers_ask_for_is_bounded)
{
    BOOST_TEST((bounded(5s) == 5s));
    BOOST_TEST((bounded(-5s) == 0s));
    BOOST_TEST((after(t0, bounded(std::chrono::milliseconds::max())).mono > t0.mono + 24h * 3650));
    BOOST_TEST((after(t0, bounded(std::chrono::milliseconds::min())).mono == t0.mono));
}

BOOST_AUTO_TEST_CASE(a_bucket_gives_three_at_once_and_one_more_each_30_seconds)
{
    token_bucket bucket;
    mono_time now(1000h);
    BOOST_TEST(bucket.take(now, defaults));
    BOOST_TEST(bucket.take(now, defaults));
    BOOST_TEST(bucket.take(now, defaults));
    BOOST_TEST(!bucket.take(now, defaults));
    BOOST_TEST(!bucket.take(now + 29s, defaults));
    BOOST_TEST(bucket.take(now + 30s, defaults));
    BOOST_TEST(!bucket.take(now + 31s, defaults));
    now += 1h;
    int taken = 0;
    while (bucket.take(now, defaults)) ++taken;
    BOOST_TEST(taken == 3); // an idle hour does not save up more
}

BOOST_AUTO_TEST_CASE(an_origin_that_always_rejects_gets_at_most_123_refreshes_an_hour)
{
    token_bucket bucket;
    int taken = 0;
    for (int second = 0; second < 3600; ++second)
        while (bucket.take(mono_time(1000h) + std::chrono::seconds(second), defaults)) ++taken;
    BOOST_TEST(taken >= 1);
    BOOST_TEST(taken <= 123);
}

BOOST_AUTO_TEST_SUITE_END()
