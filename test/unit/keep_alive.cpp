// A24: a refresh token that nobody uses dies. One whose lifetime is known is used in time, whether or not anybody wants a
// token.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct idle : stage {
    idle() { server->lifetime = 3600s; }

    void start()
    {
        source_options options;
        options.service = parts();
        options.service.on_event = [this](const event& e) { events.push_back(e.what); };
        tokens.emplace(context.get_executor(), client(), grant::refresh_token("alice-0"), std::move(options));
        std::optional<error_code> told;
        tokens->async_get([&](error_code ec, access_token) { told = ec; });
        BOOST_TEST(run_until([&] { return told.has_value(); }));
        BOOST_TEST(!*told);
    }
    // Nobody asks. How many requests there were.
    unsigned rest(std::chrono::hours time_to_pass)
    {
        const unsigned before = server->requests();
        const auto end = time->now().mono + time_to_pass;
        while (time->now().mono < end && step()) {
        }
        return server->requests() - before;
    }
    std::ptrdiff_t warnings() const
    {
        return std::count(events.begin(), events.end(), event::kind::refresh_token_expires);
    }

    std::vector<event::kind> events;
    std::optional<token_source> tokens;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(A24_keep_alive, idle)

BOOST_AUTO_TEST_CASE(a_refresh_token_whose_lifetime_the_server_names_is_used_before_it_dies)
{
    server->refresh_lifetime = 24h;
    start();
    const unsigned sent = rest(24h * 10); // each after 18 to 19.2 hours
    BOOST_TEST(sent >= 12u);
    BOOST_TEST(sent <= 15u);
    BOOST_TEST(warnings() >= 12);
    BOOST_TEST(server->seen().reuses == 0u);
}

BOOST_AUTO_TEST_CASE(a_lifetime_may_be_configured)
{
    policy.refresh_token_lifetime = 24h;
    start();
    BOOST_TEST(rest(24h * 10) >= 12u);
}

BOOST_AUTO_TEST_CASE(an_unknown_lifetime_is_no_reason_to_ask)
{
    start();
    BOOST_TEST(rest(24h * 10) <= 3u); // the access token was used a moment ago
    BOOST_TEST(warnings() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_left_of_it_is_known_after_a_restart)
{
    server->lifetime = 48h;
    server->refresh_lifetime = 24h;
    start();
    tokens.reset();
    settle();
    time->pass(18h); // nothing runs
    start();
    BOOST_TEST(server->requests() == 1u); // the access token lasts
    BOOST_TEST(rest(6h) == 1u);
}

BOOST_AUTO_TEST_CASE(an_outage_at_that_time_is_waited_out)
{
    server->refresh_lifetime = 24h;
    start();
    server->plan([](unsigned number) -> request_fate {
        if (number > 1 && number < 6) return {.end = request_fate::kind::unavailable};
        return {};
    });
    rest(24h);
    BOOST_TEST(server->seen().generations >= 2u);
}

BOOST_AUTO_TEST_SUITE_END()
