// The checker itself is checked: with one step of the order taken away, at a seam, it must say so. An invariant that
// cannot fail proves nothing.
#include "simulation/world/callers.hpp"
#include "simulation/world/world.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

using namespace simulation;
using namespace std::chrono_literals;

namespace {

// A quiet world with a flaw, in which callers come and go for an hour. What the checker says.
std::string found_in(const std::function<void(world&)>& flaw, const std::function<void(world&)>& meanwhile = {})
{
    world w(11);
    process& p = w.add_process();
    flaw(w);
    p.start();
    for (int i = 0; i < 60 && !w.check.failure(); ++i) {
        begin_visit(w, p, visit());
        w.run_for(30s);
        if (i == 20 && meanwhile) meanwhile(w);
        w.run_for(30s);
    }
    return w.check.failure() ? w.check.failure()->text : std::string();
}

bool begins(const std::string& text, std::string_view with) { return text.compare(0, with.size(), with) == 0; }

} // namespace

BOOST_AUTO_TEST_SUITE(controls)

BOOST_AUTO_TEST_CASE(without_a_flaw_nothing_is_found)
{
    BOOST_TEST(found_in([](world&) {}) == "");
    BOOST_TEST(found_in([](world&) {}, [](world& w) { w.processes[0]->crash(); }) == "");
}

BOOST_AUTO_TEST_CASE(a_request_without_a_durable_intent_is_found)
{
    const std::string text = found_in([](world& w) { w.store.sabotage.forgets_intents = true; });
    BOOST_TEST(begins(text, "I2"), text);
}

BOOST_AUTO_TEST_CASE(a_token_that_is_published_before_it_is_saved_is_found)
{
    const std::string text = found_in([](world& w) { w.store.sabotage.forgets_successes = true; });
    BOOST_TEST(begins(text, "I3"), text);
}

BOOST_AUTO_TEST_CASE(a_refresh_token_that_is_dropped_behind_the_scenes_is_found)
{
    const std::string text = found_in([](world& w) { w.policy.unused = afresh::unused_sources::always; },
                                      [](world& w) {
                                          w.store.sabotage.forgets_successes = true;
                                          w.run_for(10min); // no caller is there to be told
                                      });
    BOOST_TEST(begins(text, "I5"), text);
}

BOOST_AUTO_TEST_CASE(a_save_that_does_not_survive_the_process_is_found)
{
    const std::string text = found_in([](world& w) { w.store.sabotage.forgets_at_death = true; },
                                      [](world& w) {
                                          w.processes[0]->crash();
                                          w.run_for(10min);
                                          begin_visit(w, *w.processes[0], visit());
                                      });
    BOOST_TEST(begins(text, "I5"), text);
}

BOOST_AUTO_TEST_CASE(doubt_that_does_not_survive_the_process_is_found)
{
    const std::string text = found_in([](world& w) { w.store.sabotage.forgets_doubt_at_death = true; },
                                      [](world& w) {
                                          process& p = *w.processes[0];
                                          w.run_for(10min);
                                          p.crash_at = crash_point::answer_read;
                                          begin_visit(w, p, visit());
                                          w.run_for(1min);
                                      });
    BOOST_TEST(!text.empty());
    BOOST_TEST((begins(text, "I1") || begins(text, "a refusal after a lost answer")), text);
}

BOOST_AUTO_TEST_CASE(a_transport_that_resends_is_found)
{
    const std::string text = found_in([](world& w) { w.transport_flaw.sends_twice = true; });
    BOOST_TEST((begins(text, "I1") || begins(text, "I6")), text);
}

BOOST_AUTO_TEST_CASE(a_usable_token_that_is_taken_away_is_found)
{
    const std::string text = found_in([](world&) {},
                                      [](world& w) {
                                          w.time_flaw.ahead = 1h; // what the library takes for the time
                                          begin_visit(w, *w.processes[0], visit());
                                          w.run_for(1ms);
                                      });
    // It shows in whichever comes first: a caller that is kept waiting, or a token renewed that is not due.
    BOOST_TEST((begins(text, "I7") || begins(text, "I8")), text);
}

BOOST_AUTO_TEST_CASE(a_hurried_library_is_found)
{
    const std::string text = found_in([](world& w) { w.time_flaw.hurry = 50; });
    BOOST_TEST(begins(text, "I8"), text);
}

BOOST_AUTO_TEST_CASE(a_refused_grant_that_is_sent_again_is_found)
{
    // Somebody revives the record and says so to nobody.
    const std::string text = found_in([](world&) {},
                                      [](world& w) {
                                          w.server.revoke_grant();
                                          w.run_for(10min);
                                          begin_visit(w, *w.processes[0], visit());
                                          w.run_for(10s);
                                          w.processes[0]->tokens()->retry_grant();
                                      });
    BOOST_TEST(begins(text, "I8"), text);
}

BOOST_AUTO_TEST_CASE(a_caller_that_waits_for_ever_is_found)
{
    const std::string text = found_in([](world& w) {
        w.time_flaw.drops_wakeups = true;
        w.net.forecast.push_back({0s, 1h, weather::refused});
    });
    BOOST_TEST(begins(text, "I12"), text);
}

BOOST_AUTO_TEST_CASE(a_caller_that_is_told_twice_is_found)
{
    const std::string text = found_in([](world&) {},
                                      [](world& w) {
                                          process& p = *w.processes[0];
                                          const std::size_t id = w.check.wait_started(p, wait::kind::plain, 30s);
                                          for (int i = 0; i < 2; ++i)
                                              w.check.wait_ended(p, id, afresh::errc::wait_timed_out, {});
                                      });
    BOOST_TEST((begins(text, "I11") || begins(text, "I7")), text);
}

BOOST_AUTO_TEST_CASE(a_secret_in_an_event_is_found)
{
    const std::string text = found_in([](world&) {},
                                      [](world& w) {
                                          afresh::event e;
                                          e.detail = "could not save R-1-secret";
                                          w.check.told(e);
                                      });
    BOOST_TEST(begins(text, "I9"), text);
}

BOOST_AUTO_TEST_SUITE_END()
