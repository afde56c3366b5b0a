// RFC 9110 10.2.3 (Retry-After) and 5.6.7 (dates).
#include "core/text.hpp"
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using namespace std::literals;

namespace {

using std::chrono::system_clock;

// Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110
const system_clock::time_point example{784'111'777s};

long long wait(std::string_view text, system_clock::time_point at)
{
    return core::parse_retry_after(text, at).value_or(-1s).count();
}

token_response throttled(unsigned status, const std::string& retry_after)
{
    http_fields fields;
    if (!retry_after.empty()) fields.add("retry-after", retry_after);
    return read(http_response(status, fields, ""));
}

} // namespace

BOOST_AUTO_TEST_CASE(garbage_is_nothing)
{
    for (const auto bad : {"",
                           " ",
                           "-5",
                           "+5",
                           "5.5",
                           "5s",
                           "0x10",
                           "soon",
                           "1e3",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 CET",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 32 Nov 1994 08:49:37 GMT",
                           "Mon, 30 Feb 1995 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Foo 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:00 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 19941 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Xxx, 06 Nov 1994 08:49:37 GMT",
                           "sun, 06 nov 1994 08:49:37 gmt",
                           "1994-11-06T08:49:37Z",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun Nov 6 08:49:37 1994 "})
        BOOST_TEST(wait(bad, example) == -1, bad);
    BOOST_TEST(wait("5\0"sv, example) == -1);
}

BOOST_AUTO_TEST_CASE(seconds_are_read_and_saturate)
{
    BOOST_TEST(wait("0", example) == 0);
    BOOST_TEST(wait("120", example) == 120);
    BOOST_TEST(wait("0000000000000000000120", example) == 120);
    BOOST_TEST(wait("99999999999999999999999999", example) == 315'360'000);
}

BOOST_AUTO_TEST_CASE(a_date_in_each_of_the_three_forms_is_read)
{
    for (const auto date :
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
        BOOST_TEST(wait(date, example) == 0, date);
        BOOST_TEST(wait(date, example - 90s) == 90, date);
        BOOST_TEST(wait(date, example + 1h) == 0, date); // passed: at once
        BOOST_TEST(wait(date, example - 500ms) == 1, date);
    }
    BOOST_TEST(wait("Wed Nov 16 08:49:37 1994", example) == 10 * 86400);
    BOOST_TEST(wait("Thu, 29 Feb 1996 00:00:60 GMT", example) > 0); // a leap day and a leap second
}

BOOST_AUTO_TEST_CASE(a_year_of_two_digits_is_at_most_fifty_years_ahead)
{
    BOOST_TEST(wait("Monday, 06-Nov-45 08:49:37 GMT", example) == 0); // 1945, not 2045
    BOOST_TEST(wait("Sunday, 06-Nov-44 08:49:37 GMT", now) > 86400);  // 2044, seen from 2026
    BOOST_TEST(wait("Sunday, 06-Nov-94 08:49:37 GMT", now) == 0);     // 1994
}

BOOST_AUTO_TEST_CASE(dates_outside_the_range_of_nanoseconds_do_not_overflow)
{
    BOOST_TEST(wait("Fri, 31 Dec 9999 23:59:59 GMT", now) > 86400LL * 365 * 7000);
    BOOST_TEST(wait("Sat, 01 Jan 0000 00:00:00 GMT", now) == 0);
    BOOST_TEST(wait("Sun, 06 Nov 1994 08:49:37 GMT", system_clock::time_point::min()) > 0);
    BOOST_TEST(wait("Sun, 06 Nov 1994 08:49:37 GMT", system_clock::time_point::max()) == 0);
}

BOOST_AUTO_TEST_CASE(a_wait_is_capped_at_an_hour)
{
    BOOST_TEST((throttled(429, "30").said.retry_after == 30s));
    BOOST_TEST((throttled(429, "7200").said.retry_after == 1h));
    BOOST_TEST((throttled(503, "Fri, 31 Dec 9999 23:59:59 GMT").said.retry_after == 1h));
    BOOST_TEST(!throttled(429, "-1").said.retry_after);
    BOOST_TEST(!throttled(429, "").said.retry_after);
}

BOOST_AUTO_TEST_CASE(only_a_wait_that_can_be_read_makes_a_503_throttled)
{
    BOOST_TEST(throttled(503, "").outcome == verdict::in_doubt);
    BOOST_TEST(throttled(503, "soon").outcome == verdict::in_doubt);
    BOOST_TEST(throttled(500, "30").outcome == verdict::in_doubt);
    BOOST_TEST((throttled(500, "30").said.retry_after == 30s)); // known all the same
    BOOST_TEST(throttled(503, "30").outcome == verdict::throttled);
    BOOST_TEST(throttled(503, "0").outcome == verdict::throttled);
    BOOST_TEST(throttled(429, "").outcome == verdict::throttled);
}
