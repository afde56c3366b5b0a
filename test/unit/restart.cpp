// What a process finds that is started again with the same configuration and the same store.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct restarting : stage {
    void start(const std::string& refresh_token = "alice-0")
    {
        source_options options;
        options.service = parts();
        tokens.emplace(context.get_executor(), client(), grant::refresh_token(refresh_token), std::move(options));
    }
    void stop()
    {
        bool down = false;
        tokens->async_shutdown(1min, [&](error_code) { down = true; });
        BOOST_TEST(run_until([&] { return down; }));
        tokens.reset();
    }
    std::string get(get_options options = {})
    {
        std::string value;
        run([](token_source t, get_options o, std::string& v) -> asio::awaitable<void> {
            v = (co_await t.get(o)).value().reveal();
        }(*tokens, options, value));
        return value;
    }
    // The server has said: come back in ten minutes.
    void live_and_be_told_to_wait()
    {
        server->plan([](unsigned number) -> request_fate {
            if (number == 1) return {.end = request_fate::kind::throttled, .retry_after = 600s};
            return {};
        });
        start();
        BOOST_TEST((code_of([&] { get(get_options().max_wait(1s)); }) == errc::wait_timed_out));
        stop();
    }

    std::optional<token_source> tokens;
};

} // namespace

BOOST_AUTO_TEST_SUITE(restart)

BOOST_FIXTURE_TEST_CASE(tokens_set_before_the_first_contact_outlive_the_configured_refresh_token, restarting)
{
    start("alice-0"); // as configured, and an older sign-in
    run([](token_source t) -> asio::awaitable<void> {
        co_await t.set_tokens(token_set().refresh_token("bob-0"));
    }(*tokens));
    BOOST_TEST(get() == "bob-at-1");
    stop();
    for (const char* configured : {"alice-0", "bob-0", "alice-0"}) {
        start(configured);
        BOOST_TEST(get() == "bob-at-1");
        BOOST_TEST(store->held() == "bob-1");
        stop();
    }
    BOOST_TEST(server->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_pause_that_the_server_asked_for_outlives_the_process, restarting)
{
    live_and_be_told_to_wait();
    BOOST_TEST(server->requests() == 1u);
    time->pass(100s);
    start();
    BOOST_TEST((code_of([&] { get(); }) == errc::temporarily_unavailable)); // at once
    BOOST_TEST(server->requests() == 1u);
    BOOST_TEST(tokens->status().consecutive_failures == 1u);
    BOOST_TEST(get(get_options().max_wait(20min)) == "alice-at-1");
    BOOST_TEST(server->requests() == 2u);
    BOOST_TEST((time->now().mono - std::chrono::steady_clock::time_point(1000h) >= 600s));
}

BOOST_FIXTURE_TEST_CASE(A13_a_token_from_the_future_is_used_and_does_not_last_for_ever, restarting)
{
    server->lifetime = 3h;
    start();
    BOOST_TEST(get() == "alice-at-1");
    stop();
    time->step(-24h * 365);
    start();
    BOOST_TEST(get() == "alice-at-1"); // how old it is nobody knows
    BOOST_TEST(server->requests() == 1u);
    time->pass(2h);
    BOOST_TEST(run_until([&] { return get() == "alice-at-2"; }, 20));
}

BOOST_FIXTURE_TEST_CASE(A13_a_pause_of_before_the_clock_was_set_back_is_over, restarting)
{
    live_and_be_told_to_wait();
    time->step(-1h);
    start();
    BOOST_TEST(get(get_options().max_wait(1s)) == "alice-at-1");
}

BOOST_FIXTURE_TEST_CASE(a_newer_sign_in_does_not_sit_out_the_pause_of_the_older_one, restarting)
{
    live_and_be_told_to_wait();
    start("bob-0");
    BOOST_TEST(get(get_options().max_wait(1s)) == "bob-at-1");
}

BOOST_FIXTURE_TEST_CASE(a_human_who_says_retry_does_not_wait, restarting)
{
    live_and_be_told_to_wait();
    start();
    BOOST_TEST((code_of([&] { get(); }) == errc::temporarily_unavailable));
    tokens->retry_grant();
    BOOST_TEST(get(get_options().max_wait(1s)) == "alice-at-1");
}

BOOST_AUTO_TEST_SUITE_END()
