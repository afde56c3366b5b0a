// Functions of the user's that throw, or call back into the source that calls them (FAULTS A39).

#include "support/print_errc.hpp"
#include "support/stage.hpp"
#include "support/steps.hpp"

#include <boost/asio/multiple_exceptions.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// A source whose refresh token is refused at once, and whose hook is given.
struct refused : stage {
    refused()
    {
        server->plan([](unsigned number) -> request_fate {
            if (number == 1) return {.end = request_fate::kind::refused};
            return {};
        });
    }
    void begin(std::function<asio::awaitable<token_set>()> hook)
    {
        source_options options;
        options.on_sign_in = std::move(hook);
        options.service = parts();
        options.service.on_event = on_event;
        tokens.emplace(context.get_executor(), client(), grant::refresh_token("alice-0"), std::move(options));
        tokens->async_get([this](error_code ec, access_token) { first = ec; });
        BOOST_TEST(run_until([&] { return bool(first); }));
        BOOST_TEST(first == errc::sign_in_required); // callers do not wait for the hook
    }
    // What a caller is told who comes after the hook.
    error_code later()
    {
        run(steps(20));
        const auto get = [](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); };
        return code_of([&] { run(get(*tokens)); });
    }

    event_hook on_event;
    std::optional<token_source> tokens;
    error_code first;
};

} // namespace

BOOST_AUTO_TEST_SUITE(hooks)

BOOST_FIXTURE_TEST_CASE(a_sign_in_hook_that_throws_before_it_waits_changes_nothing, refused)
{
    int calls = 0;
    begin([&]() -> asio::awaitable<token_set> {
        ++calls;
        throw std::runtime_error("no terminal");
    });
    BOOST_TEST(later() == errc::sign_in_required);
    BOOST_TEST(calls == 1);
    tokens->retry_grant(); // a human has corrected it at the server
    BOOST_TEST(run_until([&] { return tokens->try_get().has_value(); }));
}

BOOST_FIXTURE_TEST_CASE(a_sign_in_hook_that_throws_in_its_coroutine_changes_nothing, refused)
{
    int calls = 0;
    begin([&]() -> asio::awaitable<token_set> {
        ++calls;
        co_await steps(3);
        throw std::runtime_error("nobody signed in");
    });
    BOOST_TEST(later() == errc::sign_in_required);
    BOOST_TEST(calls == 1);
    BOOST_TEST(server->requests() == 1u);
    run([](token_source t) -> asio::awaitable<void> {
        co_await t.set_tokens(token_set().refresh_token("bob-0"));
    }(*tokens));
    BOOST_TEST(!later());
}

BOOST_FIXTURE_TEST_CASE(a_sign_in_hook_may_ask_the_source_that_called_it, refused)
{
    error_code inside;
    begin([&]() -> asio::awaitable<token_set> {
        try {
            (void)co_await tokens->get();
        } catch (const boost::system::system_error& e) {
            inside = e.code();
        }
        co_return token_set().refresh_token("bob-0");
    });
    BOOST_TEST(!later());
    BOOST_TEST(inside == errc::sign_in_required);
    BOOST_TEST(store->held() == "bob-1");
}

BOOST_FIXTURE_TEST_CASE(a_sign_in_hook_may_set_the_tokens_itself_and_its_empty_result_is_ignored, refused)
{
    begin([&]() -> asio::awaitable<token_set> {
        co_await tokens->set_tokens(token_set().refresh_token("bob-0"));
        co_return token_set();
    });
    BOOST_TEST(!later());
    BOOST_TEST(store->held() == "bob-1");
}

BOOST_FIXTURE_TEST_CASE(what_a_sign_in_hook_brings_and_cannot_be_used_is_told_and_a_good_refresh_token_kept, refused)
{
    std::vector<event> told;
    on_event = [&](const event& e) {
        if (e.what == event::kind::sign_in_failed) told.push_back(e);
    };
    begin([&]() -> asio::awaitable<token_set> { co_return token_set().access_token("a b").refresh_token("bob-0"); });
    BOOST_TEST(!later());
    BOOST_TEST(store->held() == "bob-1");
    BOOST_REQUIRE(told.size() == 1u);
    BOOST_TEST(told[0].error == errc::invalid_argument);
    BOOST_TEST(told[0].detail.find("access_token") == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_sign_in_hook_may_close_the_source, refused)
{
    begin([&]() -> asio::awaitable<token_set> {
        tokens.reset();
        co_await steps(2);
        co_return token_set().refresh_token("bob-0");
    });
    BOOST_TEST(run_until([&] { return server.use_count() == 1; }));
    BOOST_TEST(!tokens);
}

BOOST_FIXTURE_TEST_CASE(an_event_hook_that_throws_is_swallowed, stage)
{
    int events = 0;
    service_options all = parts();
    all.on_event = [&](const event&) {
        ++events;
        throw 1;
    };
    source_options options;
    options.service = all;
    token_source tokens(context.get_executor(), client(), grant::refresh_token("alice-0"), options);
    run([](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); }(tokens));
    settle();
    BOOST_TEST(events >= 4); // started, rotated, saved, succeeded, released
}

BOOST_FIXTURE_TEST_CASE(an_event_hook_may_call_the_source_and_events_come_in_order, stage)
{
    std::optional<token_source> tokens;
    std::vector<event::kind> order;
    bool inside = false;
    service_options all = parts();
    all.on_event = [&](const event& e) {
        BOOST_TEST(!inside); // one at a time
        inside = true;
        order.push_back(e.what);
        if (tokens) {
            (void)tokens->status();
            (void)tokens->try_get();
            tokens->async_get([](error_code, access_token) {});
            if (e.what == event::kind::refresh_succeeded) tokens->close();
        }
        inside = false;
    };
    source_options options;
    options.service = all;
    tokens.emplace(context.get_executor(), client(), grant::refresh_token("alice-0"), options);
    run([](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); }(*tokens));
    settle();
    using k = event::kind;
    const std::vector<k> expected = {k::refresh_started,   k::rotated,          k::saved,
                                     k::refresh_succeeded, k::waiters_released, k::closed};
    BOOST_TEST((order == expected));
    BOOST_TEST(tokens->try_get().error() == errc::closed);
}

BOOST_FIXTURE_TEST_CASE(a_handler_that_throws_leaves_through_run_and_the_others_are_called, stage)
{
    token_source tokens = source();
    int called = 0, thrown = 0;
    for (int i = 0; i < 10; ++i)
        tokens.async_get([&, i](error_code, access_token t) {
            BOOST_TEST(bool(t));
            ++called;
            if (i % 3 == 0) throw std::logic_error("a handler");
        });
    for (int i = 0; i < 10'000 && called < 10; ++i) {
        try {
            (void)step();
        } catch (const std::logic_error&) {
            ++thrown;
        } catch (const asio::multiple_exceptions& e) { // those of one batch leave together
            BOOST_CHECK_THROW(std::rethrow_exception(e.first_exception()), std::logic_error);
            ++thrown;
        }
    }
    BOOST_TEST(called == 10);
    BOOST_TEST(thrown >= 1);
    run([](token_source t) -> asio::awaitable<void> { (void)co_await t.get(); }(tokens));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
