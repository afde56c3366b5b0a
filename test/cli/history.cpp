// What the status page says of the last second and the last hour.

#include "cli/gateway/history.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::cli;

BOOST_AUTO_TEST_CASE(a_second_and_an_hour)
{
    history h;
    traffic_sum t;
    BOOST_TEST(h.percentile(0.5) == 0);
    h.sample(t);
    BOOST_TEST(h.per_second() == 0);
    for (int second = 1; second < 5000; ++second) {
        t.by_ending[2] += 100;
        t.replayed += second % 10 == 0 ? 1 : 0;
        for (int i = 0; i < 100; ++i) ++t.durations[bucket_of(i < 98 ? 0.02 : 0.3)];
        if (second == 4995) {
            t.by_ending[2] -= 7;
            t.by_ending[5] += 7;
        }
        h.sample(t);
    }
    BOOST_TEST(h.per_second() == 100);
    BOOST_TEST(h.hour().size() == history::pieces);
    BOOST_TEST(std::abs(h.hour().back().per_second - 100) < 0.001);
    BOOST_TEST(h.hour().back().failed == 7u);
    BOOST_TEST(h.hour().front().failed == 0u);
    BOOST_TEST(h.hour().back().recovered == 1u);
    BOOST_TEST(h.percentile(0.5) == 0.025);
    BOOST_TEST(h.percentile(0.98) == 0.025);
    BOOST_TEST(h.percentile(0.99) == 0.5);
}

// A route has gone with what was counted of it.
BOOST_AUTO_TEST_CASE(totals_that_fall_count_as_nothing)
{
    history h;
    traffic_sum t;
    t.by_ending[2] = 1000;
    t.durations[3] = 1000;
    h.sample(t);
    h.sample(traffic_sum());
    BOOST_TEST(h.per_second() == 0);
    t.by_ending[2] = 10;
    h.sample(t);
    BOOST_TEST(h.per_second() == 10);
}

BOOST_AUTO_TEST_CASE(only_the_last_minute_counts_for_durations)
{
    history h;
    traffic_sum t;
    for (int i = 0; i < 1000; ++i) ++t.durations[bucket_of(5)];
    h.sample(t);
    BOOST_TEST(h.percentile(0.5) == 5);
    for (int i = 0; i < 60; ++i) h.sample(t);
    BOOST_TEST(h.percentile(0.5) == 0);
    ++t.durations[bucket_of(100)];
    h.sample(t);
    BOOST_TEST(h.percentile(0.5) == 60); // longer than all bounds
}
