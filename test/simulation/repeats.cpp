// A seed is a story: told twice it is the same, and a broken invariant can be told again.
#include "simulation/plan.hpp"

#include <boost/test/unit_test.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(repeats)

BOOST_AUTO_TEST_CASE(a_seed_tells_the_same_story_every_time)
{
    std::set<std::uint64_t> stories;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        const auto once = simulation::run_seed(seed);
        const auto again = simulation::run_seed(seed);
        const auto aloud = simulation::run_seed(seed, false, true);
        BOOST_TEST(once.story_hash == again.story_hash);
        BOOST_TEST(once.story_hash == aloud.story_hash); // telling it changes nothing
        BOOST_TEST(once.story.empty());
        BOOST_TEST(!aloud.story.empty());
        stories.insert(once.story_hash);
    }
    BOOST_TEST(stories.size() == 40u); // and no two are alike
}

BOOST_AUTO_TEST_SUITE_END()
