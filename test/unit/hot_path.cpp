// What is held is handed out without a look at more than is needed: never beyond its time, and never an old one.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <afresh/token_reader.hpp>

#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

std::string text(const access_token& t) { return t ? std::string(t.value().reveal()) : std::string(); }

} // namespace

BOOST_FIXTURE_TEST_SUITE(hot_path, stage)

BOOST_AUTO_TEST_CASE(a_reader_is_empty_until_a_token_is_held)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        token_reader reader(tokens);
        BOOST_TEST(!reader.held());
        const access_token t = co_await tokens.get();
        BOOST_TEST(text(reader.held()) == text(t));
        BOOST_TEST(text(reader.held()) == text(t));
        BOOST_TEST(text(token_reader(reader.tokens()).held()) == text(t));
    }(source()));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_AUTO_TEST_CASE(a_reader_sees_a_new_token_at_once)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        token_reader reader(tokens);
        const access_token first = co_await tokens.get();
        BOOST_TEST(text(reader.held()) == "alice-at-1");
        (void)co_await tokens.renew_if_current(first);
        BOOST_TEST(text(reader.held()) == "alice-at-2");
        co_await tokens.set_tokens(token_set().access_token("given").expires_in(300s));
        BOOST_TEST(text(reader.held()) == "given");
        BOOST_TEST(text(first) == "alice-at-1"); // a handle keeps its token
    }(source()));
}

BOOST_AUTO_TEST_CASE(a_reader_is_empty_once_the_token_has_expired)
{
    run([](token_source tokens, manual_time& time) -> asio::awaitable<void> {
        co_await tokens.set_tokens(token_set().access_token("given").expires_in(100s)); // usable for 90 s
        token_reader reader(tokens);
        BOOST_TEST(text(reader.held()) == "given");
        time.pass(89s);
        BOOST_TEST(text(reader.held()) == "given");
        time.pass(2s);
        BOOST_TEST(!reader.held());
        BOOST_TEST(!tokens.try_get());
    }(source(), *time));
}

BOOST_AUTO_TEST_CASE(a_reader_is_empty_once_the_source_is_closed)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        token_reader reader(tokens);
        (void)co_await tokens.get();
        BOOST_TEST(bool(reader.held()));
        tokens.close();
        BOOST_TEST(!reader.held());
    }(source()));
}

// By the system's clocks a token is not asked about again within a second in which nothing happens to it.
BOOST_AUTO_TEST_CASE(no_token_is_served_beyond_its_time_by_the_systems_clocks)
{
    stage real(system_clocks{});
    const token_source tokens(real.context.get_executor(), client(), grant::refresh_token({}),
                              {.service = real.parts()});
    const auto given = std::chrono::steady_clock::now();
    real.run([](token_source tokens) -> asio::awaitable<void> {
        co_await tokens.set_tokens(token_set().access_token("given").expires_in(5s)); // usable for 4.5 s
    }(tokens));
    token_reader reader(tokens);
    const auto elapsed = [&] { return std::chrono::steady_clock::now() - given; };
    while (reader.held() && tokens.try_get() && elapsed() < 6s) std::this_thread::sleep_for(1ms);
    BOOST_TEST((elapsed() >= 4500ms));
    BOOST_TEST((elapsed() < 5s));
    BOOST_TEST(!reader.held());
    BOOST_TEST(!tokens.try_get());
}

// Which thread counts the handles is the owner of the cache that made them.
BOOST_AUTO_TEST_CASE(a_token_outlives_the_thread_that_got_it_and_the_source)
{
    access_token first, second;
    {
        const token_source tokens = source();
        run([](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); }(tokens));
        std::thread([&] {
            first = *tokens.try_get();
            second = first;
            first = *tokens.try_get();
        }).join();
        const access_token mine = *tokens.try_get();
        std::thread([copy = mine]() mutable { copy = access_token(copy); }).join();
        settle();
    }
    BOOST_TEST(text(first) == "alice-at-1");
    first = {};
    BOOST_TEST(text(second) == "alice-at-1");
}

BOOST_AUTO_TEST_SUITE_END()
