// FAULTS A44: memory runs out at any point of an exchange. Whoever asked may be told so; the chain goes on, its record
// and its lease are in order, and no refresh token is sent twice or lost.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <utility>

namespace {

// Of this thread: how many allocations succeed before one fails. Negative: all.
thread_local long left = -1;
thread_local bool failed = false;

void* allocate(std::size_t size)
{
    if (left == 0) {
        left = -1;
        failed = true;
        throw std::bad_alloc();
    }
    if (left > 0) --left;
    if (void* p = std::malloc(size ? size : 1)) return p;
    throw std::bad_alloc();
}

} // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// The test's own server and store have memory enough, or a lost answer would be theirs. They do not suspend: a coroutine
// whose awaited operation cannot begin never goes on (Asio).
class plenty {
public:
    plenty() : kept_(std::exchange(left, -1)) {}
    ~plenty() { left = kept_; }
    plenty(const plenty&) = delete;
    plenty& operator=(const plenty&) = delete;

private:
    long kept_;
};

struct roomy_transport final : transport {
    explicit roomy_transport(std::shared_ptr<transport> t) : inner(std::move(t)) {}
    asio::awaitable<transport_outcome> send(transport_request request) override
    {
        const plenty of_memory;
        transport_outcome outcome = co_await inner->send(std::move(request));
        co_return outcome;
    }
    std::shared_ptr<transport> inner;
};

struct roomy_store final : token_store {
    explicit roomy_store(std::shared_ptr<token_store> s) : inner(std::move(s)) {}
    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        const plenty of_memory;
        store_reply reply = co_await inner->execute(std::move(key), std::move(command));
        co_return reply;
    }
    std::shared_ptr<token_store> inner;
};

} // namespace

BOOST_AUTO_TEST_CASE(A44_an_allocation_that_fails_at_any_point_of_an_exchange_leaves_all_in_order)
{
    bool any = true;
    long n = 0;
    std::size_t told = 0;
    for (; any; ++n) {
        BOOST_TEST_CONTEXT("allocation " << n << " fails")
        {
            BOOST_REQUIRE(n < 5000);
            stage s;
            s.server->lifetime = 100s;
            s.server->steps_each = s.store->steps_each = 0;
            source_options options;
            options.service = s.parts();
            options.service.transport = std::make_shared<roomy_transport>(s.server);
            options.service.store = std::make_shared<roomy_store>(s.store);
            const token_source tokens(s.context.get_executor(), stage::client(), grant::refresh_token("alice-0"),
                                      std::move(options));
            std::optional<error_code> first, second;
            tokens.async_get([&](error_code ec, access_token) { first = ec; });
            failed = false;
            left = n;
            // An exception out of a handler is the program's to catch, and to go on.
            for (int i = 0; i < 20'000 && !first; ++i) try {
                    if (!s.step()) break;
                } catch (const std::bad_alloc&) {
                    ++told;
                }
            left = -1;
            any = failed;
            BOOST_TEST(first.has_value());
            // It goes on: a token is to be had at once or soon, and so is the next one.
            for (int round = 0; round < 2; ++round) {
                second.reset();
                tokens.async_get(get_options().max_wait(60s), [&](error_code ec, access_token) { second = ec; });
                BOOST_TEST(s.run_until([&] { return second.has_value(); }));
                BOOST_TEST(!second.value_or(errc::closed), second.value_or(errc::closed).message());
                s.time->pass(100s);
            }
            BOOST_TEST(s.server->seen().reuses == 0u);
            BOOST_TEST(s.server->seen().most_open <= 1u);
            BOOST_TEST(s.store->held() == s.server->current());
            BOOST_TEST(s.store->record().holder.owner.empty());
            BOOST_TEST(!tokens.status().unsaved);
        }
    }
    BOOST_TEST_MESSAGE(n << " allocations failed in turn; " << told << " of them came out of run()");
    BOOST_TEST(n > 50);
}
