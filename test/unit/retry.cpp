// Whether a call that failed is repeated, and when.
#include "http/retry.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace std::chrono_literals;
using http::retry_in;
using http::sending;

namespace {

struct fixture {
    retry_policy policy{.attempts = 3, .first = 100ms, .most = 1s, .retry_after_cap = 5s};

    std::optional<std::chrono::milliseconds> after(const sending& how, unsigned attempt = 0, bool repeatable = true,
                                                   double jitter = 0.5, std::chrono::milliseconds left = 60s) const
    {
        return retry_in(policy, attempt, repeatable, how, jitter, left);
    }
};

sending lost(errc e, bool sent = true)
{
    sending s;
    s.ec = e;
    s.sent = sent;
    return s;
}

sending answered(unsigned status, std::optional<std::chrono::seconds> retry_after = {})
{
    sending s;
    s.sent = true;
    s.status = status;
    s.retry_after = retry_after;
    return s;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(retry, fixture)

BOOST_AUTO_TEST_CASE(it_is_off_by_default)
{
    policy = {};
    BOOST_TEST(!after(lost(errc::connection_lost)));
    BOOST_TEST(!after(answered(503)));
}

BOOST_AUTO_TEST_CASE(only_what_may_pass_is_repeated)
{
    for (errc e : {errc::resolve_failed, errc::connect_failed, errc::connect_timed_out, errc::tls_timed_out,
                   errc::connection_lost, errc::first_byte_timed_out})
        BOOST_TEST(after(lost(e)).has_value());
    for (errc e : {errc::tls_failed, errc::malformed_http, errc::body_limit, errc::header_limit, errc::total_timed_out,
                   errc::body_timed_out, errc::pool_timed_out, errc::closed, errc::invalid_argument,
                   errc::origin_not_allowed, errc::body_failed})
        BOOST_TEST(!after(lost(e)).has_value());
    BOOST_TEST(!after({boost::asio::error::operation_aborted, true, 0, {}}));
    for (unsigned s : {408u, 429u, 500u, 502u, 503u, 504u}) BOOST_TEST(after(answered(s)).has_value());
    for (unsigned s : {200u, 204u, 302u, 400u, 401u, 403u, 404u, 409u, 421u, 425u, 501u, 505u})
        BOOST_TEST(!after(answered(s)).has_value());
}

BOOST_AUTO_TEST_CASE(what_was_sent_and_is_not_idempotent_stays_so)
{
    BOOST_TEST(!after(lost(errc::connection_lost, true), 0, false));
    BOOST_TEST(!after(answered(503), 0, false));
    BOOST_TEST(after(lost(errc::connect_failed, false), 0, false).has_value());
}

BOOST_AUTO_TEST_CASE(idempotent_are_the_methods_of_the_rfc_and_what_has_a_key)
{
    for (const char* m : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
        BOOST_TEST(http::is_repeatable(http_request(m, "")));
    for (const char* m : {"POST", "PATCH", "CONNECT", "get", "PROPFIND"})
        BOOST_TEST(!http::is_repeatable(http_request(m, "")));
    BOOST_TEST(http::is_repeatable(http_request("POST", "").field("idempotency-key", "1")));
}

BOOST_AUTO_TEST_CASE(the_pause_is_drawn_from_a_growing_range)
{
    BOOST_TEST((after(answered(503), 0, true, 0.0) == 0ms));
    BOOST_TEST((after(answered(503), 0, true, 0.99) == 99ms));
    BOOST_TEST((after(answered(503), 1, true, 0.5) == 100ms));
    BOOST_TEST((after(answered(503), 2, true, 0.5) == 200ms));
    BOOST_TEST(!after(answered(503), 3));
    policy.attempts = 1000;
    BOOST_TEST((after(answered(503), 40, true, 0.5) == 500ms)); // `most`
    BOOST_TEST((after(answered(503), 999, true, 0.5) == 500ms));
}

BOOST_AUTO_TEST_CASE(retry_after_is_obeyed_within_reason)
{
    BOOST_TEST((after(answered(429, 2s)) == 2s));
    BOOST_TEST((after(answered(503, 0s), 0, true, 0.5) == 50ms)); // never at once, all together
    BOOST_TEST(!after(answered(503, 6s)));
    BOOST_TEST(!after(answered(503, 2s), 0, true, 0.5, 2s)); // there is no time left for it
    BOOST_TEST(!after(answered(503), 0, true, 0.5, 50ms));
}

BOOST_AUTO_TEST_CASE(the_budget_bounds_what_all_calls_add)
{
    http::retry_budget budget(0.2);
    for (int i = 0; i < 10; ++i) BOOST_TEST(budget.spend());
    BOOST_TEST(!budget.spend());
    for (int i = 0; i < 5; ++i) budget.earn();
    BOOST_TEST(budget.spend());
    BOOST_TEST(!budget.spend());
    for (int i = 0; i < 10'000; ++i) budget.earn();
    int saved = 0;
    while (budget.spend()) ++saved;
    BOOST_TEST(saved == 100); // a quiet hour does not pay for a storm
}

BOOST_AUTO_TEST_SUITE_END()
