// Sources made and destroyed on all threads, and tokens that one thread sets and others see.

#include "concurrency/crowd.hpp"
#include "support/steps.hpp"

#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using namespace afresh::test;

namespace {

// Makes a source of one of a few keys, uses it, and lets it go, again and again. Whoever holds a source is served: that
// another one of the key goes at the same time must not close it.
asio::awaitable<void> come_and_go(const token_service& service, const busy_world& world, findings& f, unsigned seed)
{
    std::minstd_rand random(seed);
    while (!f.stop) {
        source_options options;
        options.key = "user" + std::to_string(random() % 4);
        error_code ec;
        try {
            const token_source mine(service, world.client(), grant::refresh_token(options.key + "-0"), options);
            (void)co_await mine.get(get_options().max_wait(10s));
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        f.told(ec);
        co_await steps(1, std::chrono::microseconds(random() % 300));
    }
}

// Lets the source go while the call is under way.
asio::awaitable<void> leave_behind(const token_service& service, const busy_world& world, findings& f, unsigned seed)
{
    std::minstd_rand random(seed);
    while (!f.stop) {
        source_options options;
        options.key = "user" + std::to_string(random() % 4);
        auto mine =
            std::make_unique<token_source>(service, world.client(), grant::refresh_token(options.key + "-0"), options);
        const auto done = [&f](error_code ec, const access_token&) { f.told(ec == errc::closed ? error_code() : ec); };
        mine->async_get(done);
        mine.reset();
        co_await steps(1, std::chrono::microseconds(random() % 300));
    }
}

unsigned number_of(const access_token& t)
{
    return static_cast<unsigned>(std::stoul(std::string(t.value().reveal()).substr(1)));
}

asio::awaitable<void> set_numbered_tokens(token_source tokens, findings& f, std::atomic<unsigned>& published)
{
    for (unsigned n = 1; !f.stop; ++n) {
        co_await tokens.set_tokens(token_set().access_token("n" + std::to_string(n)).expires_in(300s));
        published = n;
        ++f.sets;
    }
}

asio::awaitable<void> read_numbered_tokens(token_source tokens, findings& f, std::atomic<unsigned>& published)
{
    while (!f.stop) {
        const unsigned least = published;
        const access_token t = co_await tokens.get();
        ++f.calls;
        if (number_of(t) < least) ++f.older;
        if (f.calls % 64 == 0) co_await steps(1);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(coming_and_going)

BOOST_AUTO_TEST_CASE(sources_of_the_same_keys_made_and_destroyed_by_all_threads)
{
    busy_world world(0);
    findings found;
    found.tolerate_outage = false;
    threads pool(4);
    {
        const token_service service(pool.context.get_executor(), world.parts());
        for (unsigned i = 0; i < 40; ++i) {
            auto work =
                i % 4 == 0 ? leave_behind(service, world, found, i + 1) : come_and_go(service, world, found, i + 1);
            join_crowd(asio::make_strand(pool.context), std::move(work), found);
        }
        let_go_on(found, 2s, [&] { return found.tokens > 100; });
    }
    pool.join(); // nothing is left behind that would keep the context at work
    BOOST_TEST(found.unexpected == 0u);
    BOOST_TEST(found.tokens > 100u);
    for (unsigned i = 0; i < 4; ++i) {
        const std::string name = "user" + std::to_string(i);
        const auto seen = world.server->seen(name);
        BOOST_TEST(seen.requests == seen.generations);
        BOOST_TEST(seen.reuses == 0u);
        BOOST_TEST(seen.most_open == 1u);
        BOOST_TEST(world.store->held(name) == world.server->current(name));
    }
    BOOST_TEST_MESSAGE(found.calls << " sources, " << world.server->bytes_sent() << " requests");
}

BOOST_AUTO_TEST_CASE(tokens_that_were_set_are_seen_by_every_thread)
{
    busy_world world(0);
    findings found;
    std::atomic<unsigned> published = 0;
    threads pool(4);
    {
        const token_service service(pool.context.get_executor(), world.parts());
        const token_source tokens(service, world.client(), grant::refresh_token({}));
        tokens.async_set_tokens(token_set().access_token("n0").expires_in(300s), asio::use_future).get();
        join_crowd(asio::make_strand(pool.context), set_numbered_tokens(tokens, found, published), found);
        for (int i = 0; i < 8; ++i)
            join_crowd(asio::make_strand(pool.context), read_numbered_tokens(tokens, found, published), found);
        let_go_on(found, 1500ms, [&] { return found.sets > 20 && found.calls > 500; });
    }
    BOOST_TEST(found.unexpected == 0u);
    BOOST_TEST(found.older == 0u);
    BOOST_TEST(found.sets > 20u);
    BOOST_TEST(found.calls > 500u);
    BOOST_TEST(world.server->bytes_sent() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
