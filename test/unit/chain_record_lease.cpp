// The lease, and that nothing but a success is written without it (DESIGN "Durable rotation" 1 to 3; FAULTS A6, A8,
// A9).

#include "support/record_story.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(chain_record_lease)

BOOST_AUTO_TEST_CASE(a_lease_without_an_owner_is_refused)
{
    record_story s;
    BOOST_TEST(s.does(take("")) == status::failed);
    BOOST_TEST((s.reply.error == errc::invalid_argument));
    BOOST_TEST(!s.reply.error_text.empty());
}

BOOST_AUTO_TEST_CASE(a_lease_that_somebody_else_holds_is_busy)
{
    record_story s;
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST(s.does(take("b")) == status::busy);
    BOOST_TEST(s.reply.record.holder.owner == "a");
    BOOST_TEST((s.reply.record.holder.until == s.now + 6s));
}

BOOST_AUTO_TEST_CASE(taking_the_lease_of_a_missing_chain_makes_an_empty_record)
{
    record_story s;
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST(!s.reply.found);
    BOOST_TEST(s.record.generation == 0u);
    BOOST_TEST(s.record.holder.fence == 1u);
    BOOST_TEST(s.record.refresh_token.empty());
    BOOST_TEST(s.record.state == grant_state::live);
}

BOOST_AUTO_TEST_CASE(a_lease_ends_at_its_time_and_not_before)
{
    record_story s;
    s.does(take("a"));
    s.now += 6s - 1ns;
    BOOST_TEST(s.does(take("b")) == status::busy);
    s.now += 1ns;
    BOOST_TEST(s.does(take("b")) == status::ok);
    BOOST_TEST(s.record.holder.fence == 2u);
}

BOOST_AUTO_TEST_CASE(the_holder_may_take_it_again_which_renews_it_under_the_same_fence)
{
    record_story s;
    s.does(take("a"));
    s.now += 5s;
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST(s.record.holder.fence == 1u);
    BOOST_TEST((s.record.holder.until == s.now + 6s));
}

BOOST_AUTO_TEST_CASE(the_same_owner_after_expiry_gets_a_new_fence)
{
    record_story s;
    s.does(take("a"));
    s.now += 6s;
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST(s.record.holder.fence == 2u);
}

BOOST_AUTO_TEST_CASE(a_released_lease_is_free_and_its_fence_is_never_granted_again)
{
    record_story s;
    s.does(take("a"));
    BOOST_TEST(s.does(release(1)) == status::ok);
    BOOST_TEST(s.record.holder.owner.empty());
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST(s.record.holder.fence == 2u);
}

BOOST_AUTO_TEST_CASE(releasing_what_was_lost_changes_nothing)
{
    record_story s;
    s.does(take("a"));
    s.overtake();
    BOOST_TEST(s.does(release(1)) == status::ok);
    BOOST_TEST(s.record.holder.owner == "b");
}

BOOST_AUTO_TEST_CASE(a_renewal_lasts_from_now_on)
{
    record_story s;
    s.does(take("a"));
    s.now += 4s;
    BOOST_TEST(s.does(renew(1)) == status::ok);
    BOOST_TEST((s.record.holder.until == s.now + 6s));
}

BOOST_AUTO_TEST_CASE(an_absurd_ttl_does_not_leave_the_range_of_time)
{
    record_story s;
    BOOST_TEST(s.does(take("a", milliseconds::max())) == status::ok);
    BOOST_TEST((s.record.holder.until == s.now + 24h));
    BOOST_TEST(s.does(take("a", milliseconds::min())) == status::ok);
    BOOST_TEST((s.record.holder.until == s.now));
    s.now = store_time::max();
    BOOST_TEST(s.does(take("a")) == status::ok);
    BOOST_TEST((s.record.holder.until == store_time::max()));
}

// Every fenced write in every way of not being the holder. A number each, so that a failure names the case.
BOOST_AUTO_TEST_CASE(without_the_lease_nothing_but_a_success_is_written)
{
    const auto commands = [](std::uint64_t fence) {
        return std::vector<store_command>{renew(fence),
                                          intend(fence, 1, "r1"),
                                          fail(fence, 1, "r1", exchange_failure::refused),
                                          replace(fence, 1, "r2", "r2"),
                                          with_fence(kind::sign_out, fence, 1),
                                          with_fence(kind::revive, fence)};
    };
    for (std::size_t i = 0; i < commands(0).size(); ++i) {
        BOOST_TEST_CONTEXT("command " << i)
        {
            record_story overtaken;
            const std::uint64_t mine = overtaken.begin();
            overtaken.overtake();
            BOOST_TEST(overtaken.does(commands(mine)[i]) == status::fenced);

            record_story late; // expired, and nobody took it
            const std::uint64_t fence = late.begin();
            late.now += 6s;
            BOOST_TEST(late.does(commands(fence)[i]) == status::fenced);

            record_story released;
            const std::uint64_t old = released.begin();
            released.does(release(old));
            BOOST_TEST(released.does(commands(old)[i]) == status::fenced);

            record_story missing;
            BOOST_TEST(missing.does(commands(0)[i]) == status::fenced);
            BOOST_TEST(!missing.found);
        }
    }
}

BOOST_AUTO_TEST_CASE(loading_shows_the_record_and_changes_nothing)
{
    record_story s;
    BOOST_TEST(s.does(store_command()) == status::ok);
    BOOST_TEST(!s.reply.found);
    s.begin();
    const chain_record before = s.record;
    BOOST_TEST(s.does(store_command()) == status::ok);
    BOOST_TEST(s.reply.found);
    BOOST_TEST((s.record == before));
    BOOST_TEST((s.reply.now == s.now));
}

BOOST_AUTO_TEST_CASE(an_unknown_command_is_refused)
{
    record_story s;
    BOOST_TEST(s.does(store_command(static_cast<kind>(99))) == status::failed);
}

BOOST_AUTO_TEST_SUITE_END()
