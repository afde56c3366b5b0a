// An http_client, its source or its context destroyed after any number of handlers, while calls to a server on loopback
// are under way. Some of the calls are answered 401 at first, so that tokens are renewed too.

#include "abandon/world.hpp"
#include "support/raw_server.hpp"

#include <afresh/http_client.hpp>

#include <boost/test/unit_test.hpp>

#include <functional>
#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// Takes every token but the first.
void refuse_the_first_token(raw_peer& peer)
{
    for (std::string all = peer.read_request(); !all.empty(); all = peer.read_request())
        peer.write(all.find("alice-at-1\r\n") != std::string::npos
                       ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                         "Content-Length: 0\r\n\r\n"
                       : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

asio::awaitable<void> call_twice(http_client client, std::string url, unsigned& answered)
{
    for (int i = 0; i < 2; ++i) {
        const http_response r = co_await client.get(url);
        if (r.status() == 200) ++answered;
    }
}

struct calling_world {
    raw_server api{refuse_the_first_token};
    std::shared_ptr<scripted_transport> server = std::make_shared<scripted_transport>();
    std::shared_ptr<scripted_store> store = std::make_shared<scripted_store>();
    std::optional<asio::io_context> context{std::in_place};
    std::optional<token_source> tokens;
    std::optional<http_client> client;
    unsigned ended = 0, answered = 0;
    static constexpr unsigned callers = 3;

    calling_world()
    {
        source_options options;
        options.allowed_origins = {api.url("")};
        options.service = {.transport = server, .store = store};
        tokens.emplace(context->get_executor(), stage::client(), grant::refresh_token("alice-0"), options);
        client.emplace(*tokens);
        for (unsigned i = 0; i < callers; ++i)
            asio::co_spawn(*context, call_twice(*client, api.url("/"), answered),
                           [this](std::exception_ptr) { ++ended; });
    }
    bool step()
    {
        context->restart();
        return context->run_one_for(5s) > 0;
    }
};

// Does something to a world in which so many handlers have run, for each number until all calls have ended.
void after_any_handler(const std::function<void(calling_world&)>& something)
{
    bool over = false;
    for (int handlers = 0; !over; ++handlers) {
        BOOST_TEST_CONTEXT(handlers << " handlers")
        {
            BOOST_REQUIRE(handlers < 1000);
            calling_world w;
            for (int i = 0; i < handlers && !over; ++i) over = w.ended == w.callers || !w.step();
            something(w);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(abandoned_http_client)

BOOST_AUTO_TEST_CASE(the_handles_go_and_the_calls_go_on)
{
    after_any_handler([](calling_world& w) {
        w.client.reset();
        w.tokens.reset();
        while (w.ended < w.callers && w.step()) {
        }
        BOOST_TEST(w.ended == w.callers);
        BOOST_TEST(w.answered == 2 * w.callers);
        BOOST_TEST(w.server->seen().reuses == 0u);
        BOOST_TEST(w.store->held() == w.server->current());
    });
}

BOOST_AUTO_TEST_CASE(the_source_is_closed_and_the_exchange_is_saved)
{
    after_any_handler([](calling_world& w) {
        w.tokens->close();
        w.tokens.reset();
        w.client.reset();
        while ((w.ended < w.callers || w.server.use_count() > 1) && w.step()) {
        }
        BOOST_TEST(w.ended == w.callers);
        BOOST_TEST(w.server.use_count() == 1);
        if (w.server->bytes_sent() > 0) BOOST_TEST(w.store->held() == w.server->current());
    });
}

BOOST_AUTO_TEST_CASE(the_context_goes)
{
    after_any_handler([](calling_world& w) {
        w.client.reset();
        w.tokens.reset();
        w.context.reset();
        BOOST_TEST(w.server.use_count() == 1);
    });
}

BOOST_AUTO_TEST_SUITE_END()
