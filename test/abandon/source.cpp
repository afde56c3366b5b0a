// A source, its service or its context destroyed after any number of handlers, while callers wait.

#include "abandon/world.hpp"
#include "support/print_errc.hpp"
#include "support/steps.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// What the server handed out last is what the store holds, and nothing was presented twice.
void nothing_is_lost(abandoned_world& w, const std::string& family = "alice")
{
    const auto seen = w.server->seen(family);
    BOOST_TEST(seen.reuses == 0u);
    BOOST_TEST(seen.open == 0u);
    BOOST_TEST(seen.most_open <= 1u);
    if (seen.generations > 0) BOOST_TEST(w.store->held() == w.server->current(family));
}

asio::awaitable<void> get_twice(caller_handle h)
{
    if (const auto* t = h.tokens()) (void)co_await t->get();
    if (const auto* t = h.tokens()) (void)co_await t->get(get_options().max_wait(5s));
}

asio::awaitable<void> get_and_renew(caller_handle h)
{
    access_token got;
    if (const auto* t = h.tokens()) got = co_await t->get();
    if (const auto* t = h.tokens()) got = co_await t->renew_if_current(got, "https://api.example.com");
    if (const auto* t = h.tokens()) (void)co_await t->async_renew_if_current(got, "https://api.example.com");
}

asio::awaitable<void> set_and_get(caller_handle h, const char* refresh_token)
{
    if (const auto* t = h.tokens()) co_await t->set_tokens(token_set().refresh_token(refresh_token));
    if (const auto* t = h.tokens()) (void)co_await t->get();
}

asio::awaitable<void> get_and_shut_down(caller_handle h)
{
    if (const auto* t = h.tokens()) (void)co_await t->async_get(asio::as_tuple(asio::deferred));
    if (const auto* t = h.tokens()) co_await t->async_shutdown(2s);
}

} // namespace

BOOST_AUTO_TEST_SUITE(abandoned_source)

BOOST_AUTO_TEST_CASE(while_coroutines_get)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            for (int i = 0; i < 3; ++i) call(w, get_twice);
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w); });
}

BOOST_AUTO_TEST_CASE(while_callbacks_wait)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            for (int i = 0; i < 3; ++i) {
                ++w.begun;
                w.source->async_get(asio::bind_executor(
                    w.callers(), [&w, h = caller_handle(w)](error_code, access_token) { ++w.ended; }));
            }
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w); });
}

BOOST_AUTO_TEST_CASE(while_tokens_are_renewed)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            for (int i = 0; i < 2; ++i) call(w, get_and_renew);
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w); });
}

BOOST_AUTO_TEST_CASE(while_tokens_are_set)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            call(w, get_twice);
            call(w, [](caller_handle h) { return set_and_get(std::move(h), "bob-0"); });
            call(w, [](caller_handle h) { return set_and_get(std::move(h), "carol-0"); });
        },
        [](abandoned_world& w, victim) {
            const std::string held = w.store->held();
            if (!held.empty()) nothing_is_lost(w, held.substr(0, held.find('-')));
        });
}

BOOST_AUTO_TEST_CASE(while_it_shuts_down)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            call(w, get_and_shut_down);
            call(w, get_and_shut_down);
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w); });
}

BOOST_AUTO_TEST_CASE(while_it_shuts_down_and_another_takes_its_place)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.make_source();
            call(w, get_and_shut_down);
            if (!w.source_in_frames) w.source->close();
            w.make_source();
            call(w, get_and_shut_down);
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w); });
}

BOOST_AUTO_TEST_CASE(while_a_human_signs_in)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.server->plan([](unsigned number) -> request_fate {
                if (number == 1) return {.end = request_fate::kind::refused};
                return {};
            });
            source_options options;
            options.on_sign_in = []() -> asio::awaitable<token_set> {
                co_await steps(3);
                co_return token_set().refresh_token("bob-0");
            };
            w.make_source(std::move(options));
            call(w, get_twice);
            call(w, [](caller_handle h) -> asio::awaitable<void> {
                const auto* first = h.tokens();
                if (first) (void)co_await first->async_get(asio::as_tuple(asio::deferred));
                co_await steps(20);
                if (const auto* t = h.tokens()) (void)co_await t->get();
            });
        },
        [](abandoned_world& w, victim) { nothing_is_lost(w, "bob"); });
}

BOOST_AUTO_TEST_CASE(while_it_signs_out)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.server->plan_revocations([](unsigned number) -> request_fate {
                if (number == 1) return {.end = request_fate::kind::unavailable};
                return {};
            });
            w.make_source();
            call(w, get_twice);
            call(w, [](caller_handle h) -> asio::awaitable<void> {
                co_await steps(6);
                if (const auto* t = h.tokens()) co_await t->sign_out();
                if (const auto* t = h.tokens()) (void)co_await t->get();
            });
        },
        [](abandoned_world& w, victim) {
            // Either it never came to that, or nothing is left here and the server knows.
            if (w.store->record().state != grant_state::signed_out) return nothing_is_lost(w);
            BOOST_TEST(w.store->held().empty());
            BOOST_REQUIRE(w.server->revoked().size() == 1u);
            BOOST_TEST(w.server->revoked()[0] == w.server->current());
        });
}

BOOST_AUTO_TEST_CASE(while_tokens_cannot_be_saved)
{
    abandon_everywhere(
        [](abandoned_world& w) {
            w.store->plan([left = 3](unsigned, const store_command& c) mutable -> store_fate {
                if (c.what == store_command::kind::save_success && left-- > 0) return {.end = store_fate::kind::fails};
                return {};
            });
            w.make_source();
            call(w, get_twice);
            call(w, get_and_shut_down);
        },
        [](abandoned_world& w, victim) {
            // The exchange goes on saving without its source; what it won is saved at last.
            for (int i = 0; i < 1000 && w.server->seen().generations > 0 && w.store->held() != w.server->current(); ++i)
                if (!w.step()) break;
            nothing_is_lost(w);
        });
}

BOOST_AUTO_TEST_SUITE_END()
