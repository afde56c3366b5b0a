// Saving a success: compare-and-set on (generation, hash of the refresh token sent), whatever the fence; and what
// replaces or ends a chain (DESIGN "Durable rotation" 4 and 8; FAULTS I4, I5, A5, A7, A12, A41).

#include "support/record_story.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using enum exchange_failure;

namespace {

std::string_view held(const record_story& s) { return s.record.refresh_token.reveal(); }

} // namespace

BOOST_AUTO_TEST_SUITE(chain_record_save)

BOOST_AUTO_TEST_CASE(a_peer_that_was_faster_is_not_overwritten)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    s.does(save(fence, 1, "r1", "r2", "a2"));
    BOOST_TEST(s.does(save(fence, 1, "r1", "r2x", "a2x")) == status::superseded);
    BOOST_TEST(held(s) == "r2");
    BOOST_TEST(s.does(save(fence, 2, "r2x", "r3x", "a3x")) == status::superseded); // the same number, another chain
    BOOST_TEST(held(s) == "r2");
}

BOOST_AUTO_TEST_CASE(a_peer_that_got_another_access_token_for_a_reusable_refresh_token_is_not_overwritten)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    s.does(save(fence, 1, "r1", "", "a2"));
    BOOST_TEST(s.does(save(fence, 1, "r1", "", "a2x")) == status::superseded);
}

BOOST_AUTO_TEST_CASE(a_success_raises_the_generation_and_clears_what_failed_before)
{
    record_story s;
    const std::uint64_t first = s.begin();
    s.does(intend(first, 1, "r1"));
    s.does(fail(first, 1, "r1", in_doubt, 5s, "cut"));
    s.does(take("a"));
    const std::uint64_t fence = s.record.holder.fence;
    s.does(intend(fence, 1, "r1"));
    BOOST_TEST(s.does(save(fence, 1, "r1", "r2", "a2")) == status::ok);
    BOOST_TEST(s.record.generation == 2u);
    BOOST_TEST(held(s) == "r2");
    BOOST_TEST(s.record.rt_hash == "#r2");
    BOOST_TEST(s.record.seed_hash == "#r1");
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST((s.record.not_before == store_time{}));
    BOOST_TEST(s.record.last_cause.empty());
    BOOST_TEST(s.record.holder.owner.empty());
    BOOST_TEST(s.record.tokens.at(0).generation == 2u);
}

BOOST_AUTO_TEST_CASE(an_answer_without_a_refresh_token_keeps_the_old_one)
{
    record_story s;
    BOOST_TEST(s.does(save(s.begin(), 1, "r1", "", "a2")) == status::ok);
    BOOST_TEST(held(s) == "r1");
    BOOST_TEST(s.record.rt_hash == "#r1");
    BOOST_TEST(s.record.generation == 2u);
}

BOOST_AUTO_TEST_CASE(a_success_is_saved_whatever_the_fence_and_leaves_the_new_holder_its_lease)
{
    record_story s;
    const std::uint64_t mine = s.begin();
    s.does(intend(mine, 1, "r1"));
    const std::uint64_t theirs = s.overtake();
    s.does(intend(theirs, 1, "r1"));
    BOOST_TEST(s.does(save(mine, 1, "r1", "r2", "a2")) == status::ok);
    BOOST_TEST(s.record.holder.owner == "b");
    BOOST_TEST((s.record.intent == send_intent{}));
    // What the new holder learns next: the generation has moved.
    BOOST_TEST(s.does(fail(theirs, 1, "r1", refused)) == status::superseded);
    BOOST_TEST(s.record.state == grant_state::live);
}

BOOST_AUTO_TEST_CASE(a_late_success_lifts_the_dead_mark_of_its_generation)
{
    record_story s;
    const std::uint64_t mine = s.begin();
    const std::uint64_t theirs = s.overtake();
    s.does(fail(theirs, 1, "r1", refused));
    BOOST_TEST(s.record.state == grant_state::dead);
    BOOST_TEST(s.does(save(mine, 1, "r1", "r2", "a2")) == status::ok);
    BOOST_TEST(s.record.state == grant_state::live);
}

BOOST_AUTO_TEST_CASE(saving_again_after_a_lost_acknowledgement_is_ok_and_writes_nothing)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    for (const char* received : {"r2", ""}) {
        const store_command command =
            save(fence, s.record.generation, "r" + std::to_string(s.record.generation), received, "a");
        BOOST_TEST(s.does(command) == status::ok);
        s.does(take("b"));
        const chain_record before = s.record;
        BOOST_TEST(s.does(command) == status::ok);
        BOOST_TEST((s.record == before));
        s.does(release(s.record.holder.fence));
    }
}

BOOST_AUTO_TEST_CASE(tokens_of_other_audiences_are_kept)
{
    record_story s;
    s.begin();
    store_command second = save(0, 1, "r1", "r2", "for-two");
    second.token = access_token("for-two", "s", "https://two.example");
    s.does(save(0, 1, "r1", "r2", "one"));
    second.generation = 2;
    second.rt_hash = "#r2";
    second.new_refresh_token = "r3";
    second.new_rt_hash = "#r3";
    BOOST_TEST(s.does(second) == status::ok);
    BOOST_TEST(s.does(save(0, 3, "r3", "r4", "one, again")) == status::ok);
    BOOST_REQUIRE(s.record.tokens.size() == 2u);
    BOOST_TEST(s.record.tokens[0].access_token.reveal() == "one, again");
    BOOST_TEST(s.record.tokens[0].generation == 4u);
    BOOST_TEST(s.record.tokens[1].access_token.reveal() == "for-two");
    BOOST_TEST(s.record.tokens[1].generation == 3u);
}

BOOST_AUTO_TEST_CASE(an_audience_is_a_scope_a_resource_and_a_dpop_key)
{
    record_story s;
    s.begin();
    stored_token bound = access_token("bound");
    bound.dpop_jkt = "thumb";
    for (const stored_token& t :
         {access_token("plain"), access_token("other scope", "t"), access_token("resource", "s", "r"), bound}) {
        store_command command = save(0, s.record.generation, "r1", "", "");
        command.token = t;
        BOOST_TEST(s.does(command) == status::ok);
    }
    BOOST_TEST(s.record.tokens.size() == 4u);
}

BOOST_AUTO_TEST_CASE(a_refresh_token_is_saved_also_when_the_access_token_beside_it_is_unusable)
{
    record_story s;
    store_command command = save(s.begin(), 1, "r1", "r2", "");
    command.token.reset();
    BOOST_TEST(s.does(command) == status::ok);
    BOOST_TEST(held(s) == "r2");
    BOOST_TEST(s.record.tokens.empty());
    BOOST_TEST(s.does(command) == status::ok); // the acknowledgement was lost
    BOOST_TEST(s.record.generation == 2u);
}

BOOST_AUTO_TEST_CASE(a_chain_without_a_refresh_token_begins_with_its_first_save)
{
    record_story s;
    BOOST_TEST(s.does(save(0, 0, "", "", "a1")) == status::ok);
    BOOST_TEST(s.record.generation == 1u);
    BOOST_TEST(s.does(save(0, 1, "", "", "a2")) == status::ok);
    BOOST_TEST(s.does(save(0, 1, "", "", "a2x")) == status::superseded);
    BOOST_TEST(s.record.tokens.at(0).access_token.reveal() == "a2");
}

BOOST_AUTO_TEST_CASE(a_record_that_knows_no_refresh_token_is_matched_by_its_generation)
{
    record_story s;
    s.does(take("a"));
    BOOST_TEST(s.does(save(1, 0, "r1", "", "a1")) == status::ok);
    BOOST_TEST(s.does(save(1, 1, "r1", "", "a2")) == status::ok);
    BOOST_TEST(s.does(save(1, 1, "r1", "", "a2")) == status::ok); // again
    BOOST_TEST(s.does(save(1, 2, "r1", "r2", "a3")) == status::ok);
    BOOST_TEST(held(s) == "r2");
}

BOOST_AUTO_TEST_CASE(a_store_that_lost_the_record_gets_it_back)
{
    record_story s;
    BOOST_TEST(s.does(save(4, 7, "r7", "r8", "a8")) == status::ok);
    BOOST_TEST(s.record.generation == 8u);
    BOOST_TEST(held(s) == "r8");
}

BOOST_AUTO_TEST_CASE(a_store_that_went_back_in_time_gets_the_newer_tokens_and_loses_the_spent_one)
{
    record_story rotated;
    rotated.begin();
    BOOST_TEST(rotated.does(save(0, 7, "r7", "r8", "a8")) == status::ok);
    BOOST_TEST(rotated.record.generation == 8u);
    BOOST_TEST(held(rotated) == "r8");

    record_story kept; // r7 is not in the answer, and r1 was spent long ago
    kept.begin();
    BOOST_TEST(kept.does(save(0, 7, "r7", "", "a8")) == status::ok);
    BOOST_TEST(kept.record.refresh_token.empty());
    BOOST_TEST(kept.record.rt_hash.empty());

    record_story reusable;
    reusable.begin();
    BOOST_TEST(reusable.does(save(0, 7, "r1", "", "a8")) == status::ok);
    BOOST_TEST(held(reusable) == "r1");
}

BOOST_AUTO_TEST_SUITE_END()
