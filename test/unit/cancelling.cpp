// Each of several callers cancelled after any number of handlers: that wait ends, and nothing else does.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// A call with a signal and a strand of its own.
struct waiter_under_test {
    explicit waiter_under_test(asio::io_context& context) : strand(asio::make_strand(context)) {}

    asio::cancellation_signal signal;
    asio::strand<asio::io_context::executor_type> strand;
    int times = 0; // its handler ran
    error_code ec;
    bool on_its_strand = true;

    void note(error_code e)
    {
        ++times;
        ec = e;
        on_its_strand = on_its_strand && strand.running_in_this_thread();
    }
    template <class Handler>
    auto bound(Handler handler)
    {
        return asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(strand, std::move(handler)));
    }
    auto ends_with_token()
    {
        return bound([this](error_code e, access_token t) {
            BOOST_TEST(bool(t) == !e);
            note(e);
        });
    }
    auto ends()
    {
        return bound([this](error_code e) { note(e); });
    }
    auto ends_coroutine()
    {
        return bound(
            [this](std::exception_ptr e) { note(e ? code_of([&] { std::rethrow_exception(e); }) : error_code()); });
    }
};

using start = std::function<void(const token_source&, waiter_under_test&)>;

asio::awaitable<void> get(token_source tokens) { (void)co_await tokens.get(); }
asio::awaitable<void> renew(token_source tokens) { (void)co_await tokens.renew_if_current({}, "https://a.example"); }

const std::vector<start> ways_to_wait = {
    [](const token_source& t, waiter_under_test& w) { asio::co_spawn(w.strand, get(t), w.ends_coroutine()); },
    [](const token_source& t, waiter_under_test& w) { asio::co_spawn(w.strand, renew(t), w.ends_coroutine()); },
    [](const token_source& t, waiter_under_test& w) { t.async_get(w.ends_with_token()); },
    [](const token_source& t, waiter_under_test& w) {
        t.async_get(get_options().max_wait(10min), w.ends_with_token());
    },
    [](const token_source& t, waiter_under_test& w) { t.async_renew_if_current({}, {}, w.ends_with_token()); },
};

constexpr asio::cancellation_type types[] = {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                             asio::cancellation_type::total};

} // namespace

BOOST_AUTO_TEST_SUITE(cancelling)

BOOST_AUTO_TEST_CASE(one_of_several_waiters_after_any_number_of_handlers)
{
    for (std::size_t victim = 0; victim < ways_to_wait.size(); ++victim) {
        bool over = false;
        int aborted = 0;
        for (int handlers = 0; !over; ++handlers) {
            BOOST_TEST_CONTEXT("waiter " << victim << " after " << handlers << " handlers")
            {
                stage s;
                const token_source tokens = s.source();
                std::deque<waiter_under_test> all;
                for (const start& begin : ways_to_wait) begin(tokens, all.emplace_back(s.context));
                const auto ended = [&] {
                    return std::all_of(all.begin(), all.end(), [](const auto& w) { return w.times > 0; });
                };
                for (int i = 0; i < handlers && !over; ++i) over = ended() || !s.step();

                waiter_under_test& one = all[victim];
                const int before = one.times;
                one.signal.emit(types[handlers % 3]);
                BOOST_TEST(one.times == before); // never inline
                one.signal.emit(asio::cancellation_type::terminal);
                BOOST_TEST(s.run_until(ended));
                s.settle();

                for (waiter_under_test& w : all) {
                    BOOST_TEST(w.times == 1);
                    BOOST_TEST(w.on_its_strand);
                    if (&w != &one) BOOST_TEST(!w.ec);
                }
                if (one.ec) {
                    BOOST_TEST(one.ec == asio::error::operation_aborted);
                    ++aborted;
                }
                BOOST_TEST(s.server->requests() == 1u); // the exchange goes on, and is shared
                BOOST_TEST(s.store->held() == s.server->current());
                BOOST_TEST(tokens.status().waiters == 0u);
            }
        }
        BOOST_TEST(aborted > 10); // for as long as the exchange was under way
    }
}

BOOST_AUTO_TEST_CASE(all_waiters_at_any_time_and_the_exchange_still_ends_and_is_saved)
{
    bool over = false;
    for (int handlers = 0; !over; ++handlers) {
        stage s;
        const token_source tokens = s.source();
        std::deque<waiter_under_test> all;
        for (const start& begin : ways_to_wait) begin(tokens, all.emplace_back(s.context));
        for (int i = 0; i < handlers && !over; ++i) over = !s.step() || all.back().times > 0;
        const bool asked = s.store->commands() > 0;
        for (auto& w : all) w.signal.emit(asio::cancellation_type::terminal);
        s.settle();
        for (auto& w : all) BOOST_TEST(w.times == 1);
        if (!asked) continue;
        BOOST_TEST(s.run_until([&] { return tokens.status().state == source_state::fresh; }));
        BOOST_TEST(s.server->requests() == 1u);
        BOOST_TEST(s.store->held() == s.server->current());
    }
}

BOOST_AUTO_TEST_CASE(set_tokens_and_shutdown_whose_caller_gave_up_do_their_work)
{
    bool over = false;
    int aborted = 0;
    for (int handlers = 0; !over; ++handlers) {
        stage s;
        const token_source tokens = s.source();
        waiter_under_test set(s.context), down(s.context);
        tokens.async_set_tokens(token_set().refresh_token("bob-0"), set.ends());
        for (int i = 0; i < handlers && !over; ++i) over = !s.step() || set.times > 0;
        set.signal.emit(asio::cancellation_type::terminal);
        s.settle();
        BOOST_TEST(set.times == 1);
        BOOST_TEST(set.on_its_strand);
        if (set.ec) BOOST_TEST(set.ec == asio::error::operation_aborted);
        aborted += set.ec ? 1 : 0;
        BOOST_TEST(s.run_until([&] { return s.store->held() == "bob-0"; }));

        tokens.async_shutdown(1s, down.ends());
        down.signal.emit(asio::cancellation_type::terminal);
        BOOST_TEST(down.times == 0);
        BOOST_TEST(s.run_until([&] { return down.times > 0; }));
        s.settle();
        BOOST_TEST(down.times == 1);
        BOOST_TEST(down.ec == asio::error::operation_aborted);
        BOOST_TEST((tokens.status().state == source_state::closed));
    }
    BOOST_TEST(aborted > 3);
}

BOOST_FIXTURE_TEST_CASE(a_wait_that_has_its_own_limit_ends_with_it_and_not_as_cancelled, stage)
{
    server->plan([](unsigned) { return request_fate{.end = request_fate::kind::not_reached}; });
    const token_source tokens = source();
    std::deque<waiter_under_test> all;
    for (const auto limit : {1s, 5s, 2s})
        tokens.async_get(get_options().max_wait(limit), all.emplace_back(context).ends_with_token());
    const auto start = time->now().mono;
    BOOST_TEST(run_until([&] { return all[0].times && all[1].times && all[2].times; }));
    for (auto& w : all) BOOST_TEST(w.ec == errc::wait_timed_out);
    BOOST_TEST((time->now().mono - start >= 5s));
    BOOST_TEST((time->now().mono - start < 6s));
}

BOOST_AUTO_TEST_SUITE_END()
