// When a client looks for an answer before it waits for it.
#include "net/early_look.hpp"

#include <boost/test/unit_test.hpp>

using afresh::net::early_look;

namespace {

// How many answers are waited for without a look before the next look.
int left_out(early_look& e)
{
    int n = 0;
    while (!e.is_due()) ++n;
    return n;
}

} // namespace

BOOST_AUTO_TEST_SUITE(early)

BOOST_AUTO_TEST_CASE(each_answer_is_looked_for_while_that_pays)
{
    early_look e;
    for (int i = 0; i < 10; ++i) {
        BOOST_TEST(left_out(e) == 0);
        e.found(true);
    }
}

BOOST_AUTO_TEST_CASE(what_does_not_pay_is_tried_less_and_less_often_but_never_given_up)
{
    early_look e;
    for (const int expected : {0, 0, 1, 3, 7, 15, 31, 63, 63, 63}) {
        BOOST_TEST(left_out(e) == expected);
        e.found(false);
    }
}

BOOST_AUTO_TEST_CASE(one_success_is_enough_to_begin_anew)
{
    early_look e;
    for (int i = 0; i < 8; ++i) {
        (void)left_out(e);
        e.found(false);
    }
    BOOST_TEST(left_out(e) == 63);
    e.found(true);
    BOOST_TEST(left_out(e) == 0);
    e.found(false);
    BOOST_TEST(left_out(e) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
