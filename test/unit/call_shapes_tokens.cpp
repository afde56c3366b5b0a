// Calls with every kind of completion token, as their users write them.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <variant>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

std::string text(const access_token& t) { return std::string(t.value().reveal()); }

// A server that is out of reach for as long as the virtual clock runs.
struct outage : stage {
    outage() { begin(); }
    explicit outage(system_clocks c) : stage(c) { begin(); }
    void begin()
    {
        server->plan([](unsigned) { return request_fate{.end = request_fate::kind::not_reached}; });
    }
};
struct outage_in_real_time : outage {
    outage_in_real_time() : outage(system_clocks()) {}
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(call_shapes_tokens, stage)

BOOST_AUTO_TEST_CASE(async_get_awaited)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        BOOST_TEST(text(co_await tokens.async_get()) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get(asio::use_awaitable)) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get(asio::deferred)) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get(get_options().max_wait(2s))) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get({}, asio::use_awaitable)) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get(get_options().min_valid(9s), asio::deferred)) == "alice-at-1");
        auto later = tokens.async_get(get_options().max_wait(2s), asio::deferred);
        BOOST_TEST(text(co_await std::move(later)) == "alice-at-1");
    }(source()));
}

BOOST_FIXTURE_TEST_CASE(async_get_awaited_with_errors_as_values, outage)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        const auto soon = get_options().max_wait(100ms);
        auto [first, no_token] = co_await tokens.async_get(soon, asio::as_tuple(asio::use_awaitable));
        BOOST_TEST(first == errc::wait_timed_out);
        BOOST_TEST(!no_token);
        auto [second, none] = co_await tokens.async_get(get_options().max_wait(1s), asio::as_tuple(asio::deferred));
        BOOST_TEST(second == errc::wait_timed_out);
        BOOST_TEST(!none);
        error_code ec;
        const access_token t =
            co_await tokens.async_get(get_options().max_wait(1s), asio::redirect_error(asio::use_awaitable, ec));
        BOOST_TEST(ec == errc::wait_timed_out);
        BOOST_TEST(!t);
        auto [third] = co_await tokens.async_set_tokens(token_set(), asio::as_tuple(asio::use_awaitable));
        BOOST_TEST(third == errc::invalid_argument);
        auto [fourth, never] = co_await tokens.async_renew_if_current(access_token(), "https://api.example.com",
                                                                      asio::as_tuple(asio::use_awaitable));
        BOOST_TEST((fourth == condition::retry_later));
        BOOST_TEST(!never);
    }(source()));
}

BOOST_AUTO_TEST_CASE(async_get_in_a_coroutine_of_a_specific_executor)
{
    using executor = asio::io_context::executor_type;
    run<executor>([](token_source tokens) -> asio::awaitable<void, executor> {
        const asio::use_awaitable_t<executor> here;
        BOOST_TEST(text(co_await tokens.async_get(here)) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.async_get()) == "alice-at-1");
        auto [ec, t] = co_await tokens.async_get(get_options().max_wait(2s), asio::as_tuple(here));
        BOOST_TEST(!ec);
        BOOST_TEST(text(t) == "alice-at-1");
        co_await tokens.async_set_tokens(token_set().access_token("given"), here);
        BOOST_TEST(text(co_await tokens.get<executor>()) == "given");
        co_await tokens.async_sign_out(here);
        co_await tokens.async_shutdown(1s, here);
    }(source()));
}

BOOST_AUTO_TEST_CASE(callbacks_that_capture_by_value_and_callbacks_that_cannot_be_copied)
{
    token_source tokens = source();
    std::string seen;
    const std::string prefix = "a text that is too long to be kept inside its string object: ";
    tokens.async_get([prefix, &seen](error_code ec, access_token t) { seen = ec ? ec.message() : prefix + text(t); });
    tokens.async_get(get_options().max_wait(2s), [prefix](error_code ec, const access_token& t) {
        BOOST_TEST(!ec);
        BOOST_TEST(text(t) == "alice-at-1");
    });
    bool moved = false;
    tokens.async_get({}, [own = std::make_unique<int>(1), &moved](error_code, access_token) { moved = *own == 1; });
    BOOST_TEST(seen.empty()); // never inline
    BOOST_TEST(run_until([&] { return moved && !seen.empty(); }));
    BOOST_TEST(seen == prefix + "alice-at-1");

    const access_token rejected = *tokens.try_get();
    int called = 0;
    tokens.async_renew_if_current(rejected, "https://api.example.com",
                                  [&called, prefix](error_code ec, access_token t) {
                                      BOOST_TEST(!ec);
                                      BOOST_TEST(text(t) == "alice-at-2");
                                      ++called;
                                  });
    BOOST_TEST(run_until([&] { return called == 1; }));
    tokens.async_set_tokens(token_set().access_token("given").expires_in(300s), [&called, prefix](error_code ec) {
        BOOST_TEST(!ec);
        ++called;
    });
    BOOST_TEST(run_until([&] { return called == 2; }));
    tokens.async_shutdown(2s, [&called, own = std::make_unique<int>(1)](error_code ec) {
        BOOST_TEST(!ec);
        ++called;
    });
    BOOST_TEST(run_until([&] { return called == 3; }));
}

BOOST_AUTO_TEST_CASE(futures_and_detached_calls)
{
    token_source tokens = source();
    tokens.async_get(asio::detached);
    tokens.async_get(get_options().max_wait(2s), asio::detached);
    std::future<access_token> token = tokens.async_get(asio::use_future);
    std::future<access_token> other = tokens.async_get({}, asio::use_future);
    const auto ready = [](auto& f) { return f.wait_for(0s) == std::future_status::ready; };
    BOOST_TEST(run_until([&] { return ready(token) && ready(other); }));
    BOOST_TEST(text(token.get()) == "alice-at-1");
    tokens.async_renew_if_current(other.get(), "https://api.example.com", asio::detached);
    std::future<void> set = tokens.async_set_tokens(token_set().access_token("given"), asio::use_future);
    BOOST_TEST(run_until([&] { return ready(set); }));
    set.get();
    BOOST_TEST(text(*tokens.try_get()) == "given");
    tokens.async_set_tokens(token_set(), asio::detached);
    tokens.async_sign_out(asio::detached);
    std::future<void> down = tokens.async_shutdown(2s, asio::use_future);
    tokens.async_shutdown(2s, asio::detached);
    BOOST_TEST(run_until([&] { return ready(down); }));
    down.get();
    std::future<access_token> late = tokens.async_get(asio::use_future);
    BOOST_TEST(run_until([&] { return ready(late); }));
    BOOST_TEST((code_of([&] { late.get(); }) == errc::closed));
}

BOOST_AUTO_TEST_CASE(bound_executors_are_where_handlers_run)
{
    token_source tokens = source();
    auto strand = asio::make_strand(context);
    int right = 0;
    const auto here = [&](auto...) { right += strand.running_in_this_thread() ? 1 : 0; };
    tokens.async_get(asio::bind_executor(strand, here));
    tokens.async_get(get_options().max_wait(2s), asio::bind_executor(strand, here));
    BOOST_TEST(run_until([&] { return right == 2; }));
    tokens.async_get(asio::bind_executor(strand, here)); // the token is held now
    tokens.async_renew_if_current(*tokens.try_get(), "https://a.example", asio::bind_executor(strand, here));
    tokens.async_set_tokens(token_set().access_token("given"), asio::bind_executor(strand, here));
    BOOST_TEST(run_until([&] { return right == 5; }));
    tokens.async_shutdown(2s, asio::bind_executor(strand, here));
    BOOST_TEST(run_until([&] { return right == 6; }));
}

BOOST_FIXTURE_TEST_CASE(bound_cancellation_slots_end_their_own_wait, outage)
{
    token_source tokens = source();
    asio::cancellation_signal first, second, third;
    std::vector<error_code> ended(3);
    tokens.async_get(asio::bind_cancellation_slot(first.slot(), [&](error_code ec, access_token) { ended[0] = ec; }));
    tokens.async_get(get_options().max_wait(20s),
                     asio::bind_cancellation_slot(second.slot(), [&](error_code ec, access_token) { ended[1] = ec; }));
    tokens.async_renew_if_current(
        access_token(), {},
        asio::bind_cancellation_slot(third.slot(), [&](error_code ec, access_token) { ended[2] = ec; }));
    first.emit(asio::cancellation_type::terminal);
    third.emit(asio::cancellation_type::total);
    BOOST_TEST(!ended[0]); // never inline
    settle();
    BOOST_TEST(ended[0] == asio::error::operation_aborted);
    BOOST_TEST(!ended[1]);
    BOOST_TEST(ended[2] == asio::error::operation_aborted);
    run([](token_source tokens, asio::cancellation_signal& signal) -> asio::awaitable<void> {
        asio::post(co_await asio::this_coro::executor, [&] { signal.emit(asio::cancellation_type::partial); });
        auto [ec, t] =
            co_await tokens.async_get(asio::bind_cancellation_slot(signal.slot(), asio::as_tuple(asio::use_awaitable)));
        BOOST_TEST(ec == asio::error::operation_aborted);
    }(tokens, first));
}

BOOST_AUTO_TEST_CASE(groups_of_operations)
{
    token_source tokens = source();
    bool ended = false;
    asio::experimental::make_parallel_group(tokens.async_get(asio::deferred), tokens.async_get({}, asio::deferred))
        .async_wait(asio::experimental::wait_for_all(),
                    [&](std::array<std::size_t, 2>, error_code a, access_token one, error_code b, access_token two) {
                        BOOST_TEST(!a);
                        BOOST_TEST(!b);
                        BOOST_TEST(text(one) == text(two));
                        ended = true;
                    });
    BOOST_TEST(run_until([&] { return ended; }));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(or_and_and_of_awaitables, outage_in_real_time)
{
    run([](token_source tokens, asio::steady_timer timer) -> asio::awaitable<void> {
        // The timer wins: nothing is left of the wait for a token.
        timer.expires_after(1ms);
        auto first = co_await (tokens.get() || timer.async_wait(asio::use_awaitable));
        BOOST_TEST(first.index() == 1u);
        timer.expires_after(1ms);
        auto second = co_await (tokens.async_get(get_options().max_wait(20s), asio::use_awaitable) ||
                                timer.async_wait(asio::use_awaitable));
        BOOST_TEST(second.index() == 1u);
        timer.expires_after(1ms);
        auto third =
            co_await (tokens.renew_if_current({}, "https://a.example") || timer.async_wait(asio::use_awaitable));
        BOOST_TEST(third.index() == 1u);
        BOOST_TEST(tokens.status().waiters == 0u);
        co_await tokens.set_tokens(token_set().access_token("given").expires_in(300s));
        timer.expires_after(1h);
        auto fourth = co_await (tokens.get(get_options().max_wait(2s)) || timer.async_wait(asio::use_awaitable));
        BOOST_TEST(text(std::get<0>(fourth)) == "given");
        auto [a, b] = co_await (tokens.get() && tokens.async_get(asio::use_awaitable));
        BOOST_TEST(text(a) == text(b));
    }(source(), asio::steady_timer(context)));
}

BOOST_AUTO_TEST_SUITE_END()
