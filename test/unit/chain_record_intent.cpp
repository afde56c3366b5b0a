// The intent and the verdicts: what is known about a refresh token that was sent (FAULTS section 0, A1, A2, A8).

#include "support/record_story.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using enum exchange_failure;

namespace {

// A chain with one attempt under way.
struct sending : record_story {
    std::uint64_t fence;
    store_time first;
    sending() : fence(begin()), first(now) { does(intend(fence, 1, "r1")); }
    // The next attempt after a verdict, which released the lease.
    status again()
    {
        does(take("a"));
        fence = record.holder.fence;
        return does(intend(fence, 1, "r1"));
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(chain_record_intent)

BOOST_AUTO_TEST_CASE(an_intent_without_a_hash_is_refused)
{
    record_story s;
    BOOST_TEST(s.does(intend(s.begin(), 1, "")) == status::failed);
    BOOST_TEST((s.reply.error == errc::invalid_argument));
}

BOOST_AUTO_TEST_CASE(an_intent_of_another_generation_or_refresh_token_is_superseded)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    BOOST_TEST(s.does(intend(fence, 0, "r1")) == status::superseded);
    BOOST_TEST(s.does(intend(fence, 2, "r1")) == status::superseded);
    BOOST_TEST(s.does(intend(fence, 1, "r0")) == status::superseded);
}

BOOST_AUTO_TEST_CASE(a_dead_or_signed_out_grant_is_not_sent)
{
    sending s;
    s.does(fail(s.fence, 1, "r1", refused));
    BOOST_TEST(s.again() == status::superseded);
    s.does(with_fence(kind::sign_out, s.fence, 1));
    BOOST_TEST(s.does(intend(s.fence, 2, "r1")) == status::signed_out);
}

BOOST_AUTO_TEST_CASE(the_first_attempt_is_noted_and_is_in_no_doubt)
{
    sending s;
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.first, 1, false}));
}

BOOST_AUTO_TEST_CASE(an_intent_left_by_a_dead_holder_puts_the_next_attempt_in_doubt)
{
    sending s;
    const std::uint64_t fence = s.overtake();
    BOOST_TEST(!s.record.intent.in_doubt); // the taker decides
    BOOST_TEST(s.does(intend(fence, 1, "r1")) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.first, 2, true}));
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_did_not_happen)
{
    sending s;
    BOOST_TEST(s.does(fail(s.fence, 1, "r1", not_sent, 2s, "refused")) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST((s.record.not_before == s.now + 2s));
    BOOST_TEST(s.record.last_cause == "refused");
    BOOST_TEST(s.record.holder.owner.empty());
    s.again();
    BOOST_TEST(s.record.intent.attempts == 1u);
    BOOST_TEST(!s.record.intent.in_doubt);
}

BOOST_AUTO_TEST_CASE(what_was_not_sent_leaves_an_earlier_doubt)
{
    sending s;
    s.does(fail(s.fence, 1, "r1", in_doubt));
    s.now += 3s;
    s.again();
    BOOST_TEST(s.record.intent.attempts == 2u);
    s.does(fail(s.fence, 1, "r1", not_sent));
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.first, 1, true}));
}

BOOST_AUTO_TEST_CASE(not_sent_never_counts_below_zero)
{
    sending s;
    s.does(fail(s.fence, 1, "r1", in_doubt));
    s.record.intent.attempts = 0;
    s.does(take("a"));
    BOOST_TEST(s.does(fail(s.record.holder.fence, 1, "r1", not_sent)) == status::ok);
    BOOST_TEST(s.record.intent.attempts == 0u);
    BOOST_TEST(s.record.intent.in_doubt);
}

BOOST_AUTO_TEST_CASE(a_verdict_that_consumed_nothing_resolves_the_attempt)
{
    sending s;
    BOOST_TEST(s.does(fail(s.fence, 1, "r1", not_consumed, 60s, "429")) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST((s.record.not_before == s.now + 60s));
}

BOOST_AUTO_TEST_CASE(a_verdict_that_consumed_nothing_does_not_clear_an_earlier_doubt)
{
    sending s;
    s.does(fail(s.fence, 1, "r1", in_doubt));
    s.again();
    s.does(fail(s.fence, 1, "r1", not_consumed));
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.first, 2, true}));
}

BOOST_AUTO_TEST_CASE(no_verdict_is_doubt_until_a_clean_rotation)
{
    sending s;
    s.does(fail(s.fence, 1, "r1", in_doubt));
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.first, 1, true}));
    s.again();
    BOOST_TEST(s.does(save(s.fence, 1, "r1", "r2", "a2")) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{}));
}

BOOST_AUTO_TEST_CASE(doubt_about_a_token_without_an_intent_is_kept_too)
{
    record_story s;
    const std::uint64_t fence = s.begin();
    BOOST_TEST(s.does(fail(fence, 1, "r1", in_doubt)) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{"#r1", s.now, 1, true}));
}

BOOST_AUTO_TEST_CASE(a_grant_that_is_not_spent_by_use_is_never_in_doubt)
{
    record_story s;
    s.does(take("a"));
    BOOST_TEST(s.does(fail(1, 0, "", in_doubt, 1s, "503")) == status::ok);
    BOOST_TEST((s.record.intent == send_intent{}));
    BOOST_TEST(s.record.last_cause == "503");
}

BOOST_AUTO_TEST_CASE(a_refused_grant_is_dead_and_its_intent_tells_whether_doubt_came_before)
{
    sending clean;
    clean.does(fail(clean.fence, 1, "r1", refused, {}, "invalid_grant"));
    BOOST_TEST(clean.record.state == grant_state::dead);
    BOOST_TEST(clean.record.intent.rt_hash == "#r1");
    BOOST_TEST(!clean.record.intent.in_doubt);
    BOOST_TEST(!clean.record.refresh_token.empty()); // a late success, or retry_grant(), may still need it

    sending doubtful;
    doubtful.does(fail(doubtful.fence, 1, "r1", in_doubt));
    doubtful.again();
    doubtful.does(fail(doubtful.fence, 1, "r1", refused));
    BOOST_TEST(doubtful.record.state == grant_state::dead);
    BOOST_TEST(doubtful.record.intent.in_doubt);
}

BOOST_AUTO_TEST_CASE(a_failure_of_an_older_generation_is_superseded)
{
    sending s;
    s.does(save(0, 1, "r1", "r2", "a2"));
    BOOST_TEST(s.does(fail(s.fence, 1, "r1", refused)) == status::superseded);
    BOOST_TEST(s.record.state == grant_state::live);
}

BOOST_AUTO_TEST_CASE(a_revived_grant_may_be_sent_and_keeps_doubt_but_not_a_verdict)
{
    sending clean;
    clean.does(fail(clean.fence, 1, "r1", refused, 60s, "invalid_grant"));
    clean.does(take("a"));
    BOOST_TEST(clean.does(with_fence(kind::revive, clean.record.holder.fence)) == status::ok);
    BOOST_TEST(clean.record.state == grant_state::live);
    BOOST_TEST((clean.record.not_before == store_time{}));
    BOOST_TEST(clean.record.last_cause.empty());
    BOOST_TEST(clean.again() == status::ok);
    BOOST_TEST(!clean.record.intent.in_doubt);

    sending doubtful;
    doubtful.does(fail(doubtful.fence, 1, "r1", in_doubt));
    doubtful.again();
    doubtful.does(fail(doubtful.fence, 1, "r1", refused));
    doubtful.does(take("a"));
    doubtful.does(with_fence(kind::revive, doubtful.record.holder.fence));
    BOOST_TEST((doubtful.record.intent == send_intent{"#r1", doubtful.first, 2, true}));
}

BOOST_AUTO_TEST_CASE(reviving_what_lives_changes_nothing)
{
    sending s;
    const chain_record before = s.record;
    BOOST_TEST(s.does(with_fence(kind::revive, s.fence)) == status::ok);
    BOOST_TEST((s.record == before));
}

BOOST_AUTO_TEST_SUITE_END()
