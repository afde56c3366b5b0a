// Many callers at once: one request, whatever they want, and a limit to how many may wait (FAULTS A33, A40, B21).

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct crowd : stage {
    // What each of so many was told.
    struct answers {
        std::size_t tokens{}, busy{}, others{};
        std::size_t all() const { return tokens + busy + others; }
    };
    auto counted(answers& a, const std::string& wanted)
    {
        return [&a, wanted](error_code ec, const access_token& t) {
            if (!ec && t.value().reveal() == wanted)
                ++a.tokens;
            else if (ec == errc::temporarily_unavailable)
                ++a.busy;
            else
                ++a.others;
        };
    }
    access_token held(const token_source& tokens)
    {
        access_token token;
        run([](token_source t, access_token& out) -> asio::awaitable<void> { out = co_await t.get(); }(tokens, token));
        return token;
    }
};

} // namespace

BOOST_AUTO_TEST_SUITE(crowds)

BOOST_FIXTURE_TEST_CASE(ten_thousand_rejections_of_one_token_make_one_request, crowd)
{
    policy = {}; // with the limits of a program that sets none
    const token_source tokens = source();
    const access_token rejected = held(tokens);
    answers a;
    for (int i = 0; i < 10'000; ++i)
        tokens.async_renew_if_current(rejected, "https://api.example.com", counted(a, "alice-at-2"));
    BOOST_TEST(run_until([&] { return a.all() == 10'000; }, 200'000));
    BOOST_TEST(a.tokens == 10'000u);
    // They come late: the token that they tell of was replaced long ago.
    for (int i = 0; i < 10'000; ++i)
        tokens.async_renew_if_current(rejected, "https://api.example.com", counted(a, "alice-at-2"));
    BOOST_TEST(run_until([&] { return a.all() == 20'000; }, 200'000));
    BOOST_TEST(a.tokens == 20'000u);
    BOOST_TEST(server->requests() == 2u);
}

BOOST_FIXTURE_TEST_CASE(an_origin_that_always_rejects_gets_four_tokens_in_a_minute_and_other_origins_theirs, crowd)
{
    policy = {};
    const token_source tokens = source();
    access_token last = held(tokens);
    int renewed = 0, refused = 0;
    const auto reject = [&](const std::string& origin) {
        bool told = false;
        tokens.async_renew_if_current(last, origin, [&](error_code ec, access_token t) {
            told = true;
            ++(ec ? refused : renewed);
            if (!ec) last = std::move(t);
        });
        BOOST_TEST(run_until([&] { return told; }));
    };
    for (int i = 0; i < 60; ++i) {
        reject("https://broken.example.com");
        time->pass(1s);
    }
    BOOST_TEST(renewed == 4); // three at once, and one more after 30 s
    BOOST_TEST(refused == 56);
    reject("https://healthy.example.com"); // one revocation there is cured at once
    BOOST_TEST(renewed == 5);
}

BOOST_FIXTURE_TEST_CASE(callers_beyond_the_limit_are_told_at_once_and_the_others_are_served, crowd)
{
    policy.max_waiters = 100;
    const token_source tokens = source();
    answers a;
    for (int i = 0; i < 150; ++i) tokens.async_get(counted(a, "alice-at-1"));
    BOOST_TEST(run_until([&] { return a.busy == 50; }));
    BOOST_TEST(server->requests() == 0u); // it has not even begun
    BOOST_TEST(run_until([&] { return a.all() == 150; }));
    BOOST_TEST(a.tokens == 100u);
    BOOST_TEST(server->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_wait_for_ever_is_a_long_one_and_a_negative_one_is_over, crowd)
{
    const token_source tokens = source();
    answers patient, hasty;
    tokens.async_get(get_options().max_wait(std::chrono::milliseconds::max()), counted(patient, "alice-at-1"));
    tokens.async_get(get_options().max_wait(std::chrono::milliseconds::min()), counted(hasty, ""));
    BOOST_TEST(run_until([&] { return patient.all() + hasty.all() == 2; }));
    BOOST_TEST(patient.tokens == 1u);
    BOOST_TEST(hasty.others == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_server_that_refuses_to_renew_early_is_asked_when_the_token_has_ended, crowd)
{
    policy = {.ahead_min = 0s, .ahead_max = 0s};
    const token_source tokens = source();
    BOOST_TEST(held(tokens).generation() == 2u);
    for (int i = 0; i < 358; ++i) { // up to 3580 s of 3600 s; it is used until 3590 s
        time->pass(10s);
        settle();
        BOOST_TEST(tokens.try_get().has_value());
    }
    BOOST_TEST(server->requests() == 1u);
    time->pass(11s);
    BOOST_TEST(held(tokens).generation() == 3u);
    BOOST_TEST(server->requests() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
