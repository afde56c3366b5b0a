// Five hundred coroutines over three minutes of five-second tokens, against a real authorization server, with the
// tokens in SQLite: no failed call, one request for each generation, no refresh token presented twice.

#include "support/authorization_server.hpp"
#include "support/temp_directory.hpp"

#include <afresh/http_client.hpp>
#include <afresh/sqlite_token_store.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <string>

namespace asio = boost::asio;
using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

using steady = std::chrono::steady_clock;

struct long_run {
    explicit long_run(std::string store) : tokens(make_source(std::move(store))), api(tokens) {}

    token_source make_source(std::string store)
    {
        source_options options;
        options.allowed_origins = {as.issuer()};
        options.service.store = make_sqlite_token_store({.path = std::move(store)});
        return token_source(context.get_executor(),
                            client_registration(as.token_endpoint(), "basic").client_secret_basic("basic-secret"),
                            grant::refresh_token(as.mint().refresh_token), std::move(options));
    }
    asio::awaitable<void> caller(steady::time_point until)
    {
        const std::string url = as.url("/api/whoami");
        asio::steady_timer pause(context);
        while (steady::now() < until) {
            try {
                const http_response r = co_await api.get(url);
                ++(r.status() == 200 ? calls : failed);
            } catch (const std::exception& e) {
                ++failed;
                BOOST_TEST_MESSAGE(e.what());
            }
            pause.expires_after(100ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
        if (--running == 0) tokens.async_shutdown(10s, [this](error_code ec) { saved = !ec; });
    }

    authorization_server as{{"AT_TTL", "5"}};
    asio::io_context context;
    token_source tokens;
    http_client api;
    std::size_t calls = 0, failed = 0, running = 0;
    bool saved = false;
};

} // namespace

BOOST_AUTO_TEST_CASE(three_minutes_of_five_second_tokens)
{
    const temp_directory directory;
    long_run r(directory / "tokens.db");
    const auto until = steady::now() + 3min;
    for (int i = 0; i < 500; ++i) {
        ++r.running;
        asio::co_spawn(r.context, r.caller(until), [](std::exception_ptr e) { BOOST_TEST(!e); });
    }
    r.context.run();
    const source_status status = r.tokens.status();
    BOOST_TEST_MESSAGE(r.calls << " calls, generation " << status.generation);
    BOOST_TEST(r.saved);
    BOOST_TEST(r.calls > 50'000u);
    BOOST_TEST(r.failed == 0u);
    BOOST_TEST(status.generation > 36u);
    BOOST_TEST(status.token_requests == status.generation - 1); // it began with generation 1
    BOOST_TEST(r.as.token_requests() == status.generation - 1);
    BOOST_TEST(r.as.reuse_events() == 0u);
}
