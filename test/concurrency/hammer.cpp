// Four threads and two hundred coroutines on strands of their own do everything to a few sources at once, and give up
// at random. Afterwards the counts are exact: one request for each generation, one end for each call.

#include "concurrency/crowd.hpp"
#include "support/steps.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace asio::experimental::awaitable_operators;

namespace {

constexpr auto how_long = 2s;

// What one coroutine does: any of the calls, any number of times, in any order.
class hammer {
public:
    hammer(token_source tokens, findings& f, unsigned seed) : tokens_(std::move(tokens)), found_(f), random_(seed) {}

    asio::awaitable<void> run()
    {
        while (!found_.stop) {
            error_code ec;
            access_token t;
            try {
                t = co_await any_call();
            } catch (const boost::system::system_error& e) {
                ec = e.code();
            }
            found_.told(ec);
            if (ec) continue;
            if (t.generation() < newest_) ++found_.older;
            newest_ = std::max(newest_, t.generation());
            last_ = t;
            if (random_() % 4 == 0) co_await steps(1, std::chrono::microseconds(random_() % 500));
        }
    }

private:
    asio::awaitable<access_token> any_call()
    {
        const auto options = get_options().max_wait(std::chrono::milliseconds(random_() % 8));
        switch (random_() % 8) {
        case 0: co_return co_await tokens_.get(options);
        case 1: co_return co_await tokens_.async_get(options);
        case 2: co_return co_await cancelled_call();
        case 3: co_return co_await raced_call();
        case 4: co_return co_await tokens_.renew_if_current(last_, "https://a.example");
        case 5:
            (void)tokens_.status();
            if (const auto t = tokens_.try_get()) co_return *t;
            break;
        case 6: {
            const token_source copy = tokens_; // goes at once, as others' copies do meanwhile
            co_return co_await copy.get();
        }
        default: break;
        }
        co_return co_await tokens_.get();
    }

    asio::awaitable<access_token> cancelled_call()
    {
        const auto signal = std::make_shared<asio::cancellation_signal>();
        const auto executor = co_await asio::this_coro::executor;
        // Not in one expression: g++ 12 destroys a closure twice that stands beside a co_await.
        asio::post(executor, [signal] { signal->emit(asio::cancellation_type::terminal); });
        const auto token = asio::as_tuple(asio::use_awaitable);
        if (random_() % 2) {
            auto [ec, t] = co_await tokens_.async_get(asio::bind_cancellation_slot(signal->slot(), token));
            if (ec) throw boost::system::system_error(ec);
            co_return t;
        }
        auto [ec, t] = co_await tokens_.async_renew_if_current(last_, "https://a.example",
                                                               asio::bind_cancellation_slot(signal->slot(), token));
        if (ec) throw boost::system::system_error(ec);
        co_return t;
    }

    asio::awaitable<access_token> raced_call()
    {
        asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::microseconds(random_() % 3000));
        auto first = co_await (tokens_.renew_if_current(last_) || timer.async_wait(asio::use_awaitable));
        if (first.index() == 0) co_return std::get<0>(first);
        throw boost::system::system_error(asio::error::operation_aborted);
    }

    token_source tokens_;
    findings& found_;
    std::minstd_rand random_;
    access_token last_;
    std::uint64_t newest_{};
};

asio::awaitable<void> run_hammer(token_source tokens, findings& f, unsigned seed)
{
    hammer h(std::move(tokens), f, seed);
    co_await h.run();
}

struct hammering {
    busy_world world;
    findings found;
    std::vector<token_source> sources;
    std::vector<std::uint64_t> generations_at_first; // when one request was made

    void make_sources(asio::any_io_executor executor, unsigned count)
    {
        const token_service service(executor, world.parts());
        for (unsigned i = 0; i < count; ++i) {
            source_options options;
            options.key = name(i);
            sources.emplace_back(service, world.client(), grant::refresh_token(name(i) + "-0"), options);
            const access_token t = sources[i].async_get(get_options().max_wait(10s), asio::use_future).get();
            generations_at_first.push_back(t.generation());
        }
    }
    static std::string name(unsigned i) { return "user" + std::to_string(i); }

    void hammer_from(std::vector<asio::io_context*> contexts)
    {
        for (unsigned i = 0; i < 200; ++i) {
            auto strand = asio::make_strand(*contexts[i % contexts.size()]);
            join_crowd(strand, run_hammer(sources[i % sources.size()], found, i + 1), found);
        }
        let_go_on(found, how_long, [&] {
            bool enough = found.tokens > 200 && found.cancelled > 0;
            for (unsigned i = 0; i < sources.size(); ++i) enough = enough && world.server->seen(name(i)).requests > 2;
            return enough;
        });
    }
    void shut_down()
    {
        for (const token_source& s : sources) s.async_shutdown(10s, asio::use_future).get();
    }
    void check()
    {
        BOOST_TEST(found.ended == found.begun);
        BOOST_TEST(found.unexpected == 0u);
        BOOST_TEST(found.older == 0u);
        BOOST_TEST(found.tokens > 200u);
        BOOST_TEST(found.cancelled > 0u);
        for (unsigned i = 0; i < sources.size(); ++i) {
            const auto seen = world.server->seen(name(i));
            const source_status status = sources[i].status();
            BOOST_TEST(seen.requests > 2u);
            BOOST_TEST(seen.requests == seen.generations);
            BOOST_TEST(status.token_requests == seen.requests);
            BOOST_TEST(status.generation - generations_at_first[i] == seen.requests - 1);
            BOOST_TEST(seen.reuses == 0u);
            BOOST_TEST(seen.most_open == 1u);
            BOOST_TEST(world.store->held(name(i)) == world.server->current(name(i)));
            BOOST_TEST(status.waiters == 0u);
        }
        BOOST_TEST_MESSAGE(found.calls << " calls, " << found.tokens << " tokens, " << found.cancelled << " cancelled, "
                                       << found.timed_out << " timed out, " << world.server->bytes_sent()
                                       << " requests");
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(hammered, hammering)

BOOST_AUTO_TEST_CASE(several_sources_from_four_threads)
{
    threads pool(4);
    make_sources(pool.context.get_executor(), 3);
    hammer_from({&pool.context});
    shut_down();
    check();
    sources.clear();
    pool.join();
}

BOOST_AUTO_TEST_CASE(a_source_of_another_context_than_its_callers)
{
    threads home(2);
    make_sources(home.context.get_executor(), 1);
    {
        threads abroad(2);
        hammer_from({&abroad.context, &home.context});
    }
    shut_down();
    check();
    sources.clear();
    home.join();
}

BOOST_AUTO_TEST_CASE(sources_closed_in_the_middle_of_it)
{
    threads pool(4);
    make_sources(pool.context.get_executor(), 2);
    std::thread closer([&] {
        std::this_thread::sleep_for(how_long / 4);
        found.stop = true;
        sources[0].close();
        sources[1].async_shutdown(10s, asio::use_future).get();
    });
    hammer_from({&pool.context});
    closer.join();
    shut_down();
    for (unsigned i = 0; i < 2; ++i) {
        BOOST_TEST((sources[i].status().state == source_state::closed));
        BOOST_TEST(world.store->held(name(i)) == world.server->current(name(i)));
        BOOST_TEST(world.server->seen(name(i)).reuses == 0u);
    }
    BOOST_TEST(found.unexpected <= 400u); // errc::closed, once or twice each
    sources.clear();
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()
