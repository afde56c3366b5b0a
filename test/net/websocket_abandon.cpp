// A WebSocket whose context is destroyed, whose calls are cancelled, or which is dropped, after any number of handlers
// and from any thread, leaks nothing and touches nothing freed. Proven under AddressSanitizer and ThreadSanitizer.
#include "support/client_fixture.hpp"
#include "support/steps.hpp"
#include "support/test_pki.hpp"
#include "support/websocket_peer.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <optional>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

raw_server::script echoing()
{
    return [](raw_peer& peer) {
        websocket_peer w(peer);
        w.accept();
        w.echo();
    };
}

asio::awaitable<void> converse(http_client api, std::string url, std::shared_ptr<int> done)
{
    auto w = co_await api.websocket(std::move(url));
    co_await w.write("hello");
    const auto message = co_await w.read();
    if (message && message->data == "hello") ++*done;
    co_await w.close();
    ++*done;
}

struct world {
    world() { options.limits = without_sweep(); }

    test_pki pki;
    raw_server plain{echoing()};
    raw_server secure{echoing(), (pki.issue("server", {}), pki.server("server"))};
    http_client_options options;
    std::vector<std::string> urls()
    {
        options.tls.trust_roots_file = pki.roots_file();
        return {plain.url("/"), secure.url("/")};
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(websocket_abandon, world)

BOOST_AUTO_TEST_CASE(its_context_may_be_destroyed_after_any_handler)
{
    for (const std::string& url : urls())
        for (const bool on_strand : {false, true}) {
            bool ended = false;
            int handlers = 0;
            for (; !ended; ++handlers) {
                BOOST_REQUIRE(handlers < 500);
                const auto done = std::make_shared<int>();
                {
                    asio::io_context context;
                    asio::any_io_executor callers = context.get_executor();
                    if (on_strand) callers = asio::make_strand(context);
                    const http_client api(context.get_executor(), options);
                    asio::co_spawn(callers, converse(api, url, done), asio::detached);
                    for (int i = 0; i < handlers && !ended; ++i) ended = context.run_one_for(10s) == 0;
                }
                BOOST_TEST(done.use_count() == 1);
                BOOST_TEST((!ended || *done == 2));
            }
            BOOST_TEST(handlers > 10);
        }
}

BOOST_AUTO_TEST_CASE(its_calls_may_be_cancelled_after_any_handler)
{
    for (const std::string& url : urls()) {
        bool undisturbed = false;
        int cancelled = 0;
        for (int handlers = handlers_before_cancelling; !undisturbed; ++handlers) {
            BOOST_REQUIRE(handlers < 500);
            asio::io_context context;
            const http_client api(context.get_executor(), options);
            asio::cancellation_signal stop;
            const auto done = std::make_shared<int>();
            bool ended = false;
            error_code ec;
            asio::co_spawn(context, converse(api, url, done),
                           asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& e) {
                               ended = true;
                               try {
                                   if (e) std::rethrow_exception(e);
                               } catch (const boost::system::system_error& x) {
                                   ec = x.code();
                               }
                           }));
            int ran = 0;
            while (ran < handlers && !ended && context.run_one_for(10s) > 0) ++ran;
            undisturbed = ended;
            stop.emit(asio::cancellation_type::terminal);
            context.restart();
            context.run_for(10s); // returns: nothing is left
            BOOST_TEST(ended);
            BOOST_TEST((ec == asio::error::operation_aborted || (!ec && *done == 2)), ec.message());
            cancelled += ec == asio::error::operation_aborted;
            BOOST_TEST(context.stopped());
        }
        BOOST_TEST(cancelled > 10);
    }
}

BOOST_AUTO_TEST_CASE(a_write_that_waits_for_its_turn_may_be_cancelled_without_harm)
{
    std::atomic<bool> go{};
    std::atomic<std::size_t> came{};
    const raw_server server([&](raw_peer& peer) {
        websocket_peer w(peer);
        w.accept();
        while (!go) peer.pause(1ms);
        for (bool last = false; !last;) {
            const websocket_frame f = w.read(); // a long message comes in many
            came += f.payload.size();
            last = f.final;
        }
        w.echo();
    });
    asio::io_context context;
    asio::cancellation_signal stop;
    error_code waited;
    const auto write = [](afresh::websocket& w, std::size_t size) -> asio::awaitable<void> {
        co_await w.write(std::string(size, 'x'));
    };
    const auto all = [&](http_client api, std::string url) -> asio::awaitable<void> {
        auto w = co_await api.websocket(std::move(url));
        asio::co_spawn(context, write(w, 16'000'000), asio::detached);
        asio::co_spawn(context, write(w, 1),
                       asio::bind_cancellation_slot(stop.slot(), [&](const std::exception_ptr& e) {
                           try {
                               if (e) std::rethrow_exception(e);
                           } catch (const boost::system::system_error& x) {
                               waited = x.code();
                           }
                       }));
        asio::steady_timer pause(context, 20ms);
        co_await pause.async_wait(asio::use_awaitable);
        stop.emit(asio::cancellation_type::terminal);
        pause.expires_after(20ms);
        co_await pause.async_wait(asio::use_awaitable);
        BOOST_TEST(waited == asio::error::operation_aborted);
        go = true;
        co_await w.write("after");
        const auto back = co_await w.read();
        BOOST_TEST((back && back->data == "after"));
    };
    asio::co_spawn(context, all(http_client(context.get_executor(), options), server.url("/")),
                   [](const std::exception_ptr& e) {
                       if (e) std::rethrow_exception(e);
                   });
    context.run_for(30s);
    BOOST_TEST(context.stopped());
    BOOST_TEST(came == 16'000'000u);
}

BOOST_AUTO_TEST_CASE(many_threads_may_read_write_close_and_drop_it)
{
    asio::thread_pool clients(3);
    asio::thread_pool callers(2);
    const auto all_urls = urls();
    const http_client api(clients.get_executor(), options);
    std::atomic<int> echoed{};
    std::atomic<int> ended{};
    const auto one = [&](std::string url, int number) -> asio::awaitable<void> {
        const auto w = std::make_shared<afresh::websocket>(co_await http_client(api).websocket(std::move(url)));
        const auto writer = [](std::shared_ptr<afresh::websocket> to) -> asio::awaitable<void> {
            for (int i = 0; i < 20; ++i) co_await to->write(std::string(100, 'x'));
        };
        for (int i = 0; i < 3; ++i) asio::co_spawn(callers, writer(w), [](const std::exception_ptr&) {});
        for (int i = 0; i < (number % 2 == 0 ? 60 : 20); ++i)
            if (co_await w->read()) ++echoed;
        if (number % 3 == 0) co_await w->close();
        ++ended;
    };
    for (int i = 0; i < 24; ++i) {
        const std::string url = all_urls[static_cast<unsigned>(i) % 2];
        const auto failed = [](const std::exception_ptr& e) {
            if (e) std::rethrow_exception(e);
        };
        if (i % 4 < 2)
            asio::co_spawn(asio::make_strand(callers), one(url, i), failed);
        else
            asio::co_spawn(asio::make_strand(clients), one(url, i), failed);
    }
    callers.join();
    clients.join();
    BOOST_TEST(ended == 24);
    BOOST_TEST(echoed == 12 * 60 + 12 * 20);
}

BOOST_AUTO_TEST_SUITE_END()
