// RFC 8628 (device authorization), and FAULTS A42, in a step by step fashion: what a server answers, and when it is asked again.

#include "core/device_poll.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace std::chrono_literals;
using core::device_poll;
using step = device_poll::step;

namespace {

step said(device_poll& p, std::string_view error)
{
    core::token_response r;
    r.outcome = core::verdict::misconfigured; // what an ordinary token request makes of it
    return p.on_answer(r, error);
}

step outcome(device_poll& p, core::verdict v)
{
    core::token_response r;
    r.outcome = v;
    return p.on_answer(r, "");
}

} // namespace

BOOST_AUTO_TEST_CASE(A42_five_seconds_unless_the_server_says_otherwise)
{
    BOOST_TEST(device_poll(0s, 600s).wait().count() == 5);
    BOOST_TEST(device_poll(7s, 600s).wait().count() == 7);
    BOOST_TEST(device_poll(100'000s, 600s).wait().count() == 3600);
}

BOOST_AUTO_TEST_CASE(A42_slow_down_adds_five_seconds_for_good)
{
    device_poll p(0s, 600s);
    BOOST_TEST((said(p, "authorization_pending") == step::ask_again));
    BOOST_TEST(p.wait().count() == 5);
    BOOST_TEST((said(p, "slow_down") == step::ask_again));
    BOOST_TEST((said(p, "slow_down") == step::ask_again));
    BOOST_TEST((said(p, "authorization_pending") == step::ask_again));
    BOOST_TEST(p.wait().count() == 15);
}

BOOST_AUTO_TEST_CASE(A42_a_lost_answer_doubles_the_interval_to_a_minute)
{
    device_poll p(5s, 3600s);
    for (const int expected : {10, 20, 40, 60, 60}) {
        BOOST_TEST((outcome(p, core::verdict::in_doubt) == step::ask_again));
        BOOST_TEST(p.wait().count() == expected);
    }
    device_poll slow(90s, 3600s); // never faster than it was
    outcome(slow, core::verdict::not_sent);
    BOOST_TEST(slow.wait().count() == 90);
}

BOOST_AUTO_TEST_CASE(A42_refusals_end_it)
{
    for (const auto error : {"access_denied", "expired_token"}) {
        device_poll p(5s, 600s);
        BOOST_TEST((said(p, error) == step::failed), error);
        BOOST_TEST((p.cause() == errc::sign_in_refused), error);
    }
    device_poll unknown(5s, 600s);
    BOOST_TEST((said(unknown, "invalid_client") == step::failed));
    BOOST_TEST((unknown.cause() == errc::misconfigured));
    device_poll spoilt(5s, 600s);
    BOOST_TEST((outcome(spoilt, core::verdict::quarantined) == step::failed));
    BOOST_TEST((spoilt.cause() == errc::malformed_response));
}

BOOST_AUTO_TEST_CASE(a_code_that_a_lost_answer_has_spent_is_told_apart_from_a_refusal)
{
    device_poll lost(5s, 600s);
    outcome(lost, core::verdict::in_doubt);
    BOOST_TEST((outcome(lost, core::verdict::refused) == step::failed));
    BOOST_TEST((lost.cause() == errc::sign_in_lost));

    device_poll refused(5s, 600s);
    outcome(refused, core::verdict::in_doubt);
    said(refused, "authorization_pending"); // so nothing was spent
    BOOST_TEST((outcome(refused, core::verdict::refused) == step::failed));
    BOOST_TEST((refused.cause() == errc::sign_in_refused));
}

BOOST_AUTO_TEST_CASE(A42_nobody_asks_after_the_code_has_expired)
{
    device_poll p(5s, 12s);
    BOOST_TEST(p.has_time(0s));
    BOOST_TEST(p.has_time(6s));
    BOOST_TEST(!p.has_time(7s));
    BOOST_TEST(!p.has_time(100s));
}
