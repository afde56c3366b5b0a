// What replaces or ends a chain: a new sign-in, a sign-out (DESIGN "Durable rotation" 8; FAULTS A12, A41).

#include "support/record_story.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using enum exchange_failure;

BOOST_AUTO_TEST_SUITE(chain_record_end)

BOOST_AUTO_TEST_CASE(a_success_after_sign_out_is_to_be_revoked)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    s.does(with_fence(kind::sign_out, fence, 1));
    BOOST_TEST(s.does(save(fence, 1, "r1", "r2", "a2")) == status::signed_out);
    BOOST_TEST(s.record.refresh_token.empty());
}

BOOST_AUTO_TEST_CASE(a_success_after_sign_out_and_a_new_sign_in_is_superseded)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    s.does(with_fence(kind::sign_out, fence, 1));
    s.does(replace(fence, 2, "q1"));
    BOOST_TEST(s.does(save(fence, 1, "r1", "r2", "a2")) == status::superseded);
    BOOST_TEST(s.record.refresh_token.reveal() == "q1");
}

BOOST_AUTO_TEST_CASE(signing_out_leaves_a_tombstone_with_the_generation_and_no_token)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    s.does(intend(fence, 1, "r1"));
    BOOST_TEST(s.does(with_fence(kind::sign_out, fence, 1)) == status::ok);
    BOOST_TEST(s.record.state == grant_state::signed_out);
    BOOST_TEST(s.record.generation == 2u);
    BOOST_TEST(s.record.refresh_token.empty());
    BOOST_TEST(s.record.rt_hash.empty());
    BOOST_TEST(s.record.tokens.empty());
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST(was_given(s.record, "#r1")); // so that a restart with it does not sign in again
    const chain_record before = s.record;
    BOOST_TEST(s.does(with_fence(kind::sign_out, fence, 1)) == status::ok);
    BOOST_TEST((s.record == before));
    BOOST_TEST(s.does(with_fence(kind::revive, fence)) == status::signed_out);
    BOOST_TEST(s.does(fail(fence, 2, "r1", not_sent)) == status::signed_out);
}

// What the program brought and nobody has used yet.
BOOST_AUTO_TEST_CASE(signing_out_a_sign_in_that_the_record_does_not_know_of_keeps_it_out)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    store_command end = with_fence(kind::sign_out, fence, 1);
    end.seed_hash = "#newer";
    BOOST_TEST(s.does(end) == status::ok);
    BOOST_TEST(was_given(s.record, "#newer"));
    BOOST_TEST(was_given(s.record, "#r1"));
}

BOOST_AUTO_TEST_CASE(a_new_sign_in_revives_clears_doubt_and_raises_the_generation)
{
    record_story s;
    const std::uint64_t first = s.begin();
    s.does(intend(first, 1, "r1"));
    s.does(fail(first, 1, "r1", refused, 60s, "invalid_grant"));
    s.does(take("a"));
    store_command command = replace(s.record.holder.fence, 1, "q1");
    command.token = access_token("b1");
    BOOST_TEST(s.does(command) == status::ok);
    BOOST_TEST(s.record.generation == 2u);
    BOOST_TEST(s.record.state == grant_state::live);
    BOOST_TEST(s.record.refresh_token.reveal() == "q1");
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST((s.record.not_before == store_time{}));
    BOOST_TEST(s.record.tokens.at(0).generation == 2u);
    const chain_record before = s.record;
    BOOST_TEST(s.does(command) == status::ok); // the acknowledgement was lost
    BOOST_TEST((s.record == before));
    BOOST_TEST(s.does(replace(s.record.holder.fence, 2, "q2")) == status::ok);
    BOOST_TEST(s.record.tokens.empty()); // an older sign-in's access tokens may be another user's
}

BOOST_AUTO_TEST_CASE(a_new_sign_in_releases_the_lease_unless_an_exchange_follows)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    store_command command = replace(fence, 1, "q1");
    s.does(command);
    BOOST_TEST(s.record.holder.owner == "a");
    command.keep_lease = false;
    BOOST_TEST(s.does(command) == status::ok); // the same once more
    BOOST_TEST(s.record.generation == 2u);
    BOOST_TEST(s.record.holder.owner.empty());
    BOOST_TEST(s.does(command) == status::fenced);
}

BOOST_AUTO_TEST_CASE(a_generation_that_any_process_has_seen_never_comes_again)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    BOOST_TEST(s.does(replace(fence, 9, "q1")) == status::ok); // the store went back in time
    BOOST_TEST(s.record.generation == 10u);
    BOOST_TEST(s.does(replace(fence, 3, "q2")) == status::ok);
    BOOST_TEST(s.record.generation == 11u);
}

BOOST_AUTO_TEST_CASE(a_chain_remembers_every_refresh_token_that_the_program_gave_it)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    BOOST_TEST(!was_given(s.record, "#q1"));
    BOOST_TEST(!was_given(s.record, ""));
    s.does(replace(fence, 1, "q1")); // set_tokens()
    s.does(save(0, 2, "q1", "q2", "a"));
    BOOST_TEST(was_given(s.record, "#r1")); // a restart with either of them
    BOOST_TEST(was_given(s.record, "#q1")); // would overwrite q2 with a spent token
    BOOST_TEST(was_given(s.record, "#q2"));
    BOOST_TEST(!was_given(s.record, "#p1"));
    BOOST_TEST(s.record.seed_hash == "#r1");
    s.does(replace(fence, 3, "p1", "p1")); // a new sign-in that the program was restarted with
    BOOST_TEST(s.does(take("a")) == status::ok);
    s.does(replace(s.record.holder.fence, 3, "p1", "p1"));
    BOOST_TEST(s.record.seed_hash == "#p1");
    BOOST_TEST(was_given(s.record, "#r1"));
}

BOOST_AUTO_TEST_CASE(a_chain_that_began_with_set_tokens_knows_that_token)
{
    record_story s;
    s.does(take("a"));
    s.does(replace(1, 0, "q1"));
    BOOST_TEST(s.record.seed_hash == "#q1");
}

BOOST_AUTO_TEST_CASE(the_memory_of_seeds_is_bounded_and_keeps_the_newest)
{
    record_story s;
    std::uint64_t fence = s.begin();
    for (int i = 0; i < 20; ++i) s.does(replace(fence, s.record.generation, "q" + std::to_string(i)));
    s.does(replace(fence, s.record.generation, "q19")); // again: not twice
    BOOST_TEST(s.record.other_seeds.size() == chain_record::max_other_seeds);
    BOOST_TEST(std::count(s.record.other_seeds.begin(), s.record.other_seeds.end(), "#q19") == 1);
    BOOST_TEST(was_given(s.record, "#q12"));
    BOOST_TEST(!was_given(s.record, "#q11"));
    BOOST_TEST(s.record.seed_hash == "#r1");
}

BOOST_AUTO_TEST_SUITE_END()
