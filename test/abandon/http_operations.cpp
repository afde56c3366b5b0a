// Each operation of an HTTP client, abandoned with its context or cancelled after any number of handlers. That nothing
// freed is touched is what AddressSanitizer says; that nothing is kept is what the use counts and the pool say.

#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/stage.hpp"

#include <afresh/http_body.hpp>
#include <afresh/http_client.hpp>
#include <afresh/http_multipart.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <map>
#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// By its target: an answer in pieces; an event stream that ends; a redirect; a failure at first; what was sent, but not
// to the first token.
void serve(raw_peer& peer)
{
    for (std::string all = peer.read_request(); !all.empty(); all = peer.read_request()) {
        const auto asks_for = [&](const char* target) { return all.find(target) < all.find('\r'); };
        if (asks_for("/pieces")) {
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
            peer.write("3\r\ntwo\r\n");
            peer.write("0\r\n\r\n");
        } else if (asks_for("/events")) {
            peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 27\r\n\r\n"
                       "retry: 1\n\ndata: 1\n\ndata: 2\n");
        } else if (asks_for("/moved")) {
            peer.write("HTTP/1.1 302 Found\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n");
        } else if (asks_for("/busy") && peer.number == 0) {
            peer.write("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            return;
        } else if (all.find("alice-at-1\r\n") != std::string::npos) {
            peer.write("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                       "Content-Length: 0\r\n\r\n");
        } else {
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    }
}

// An operation; true when it has ended as it should if nobody disturbs it.
using operation = asio::awaitable<bool> (*)(http_client, std::string);

asio::awaitable<bool> read_pieces(http_client api, std::string url)
{
    http_stream s = co_await api.open(http_request("GET", url + "/pieces"));
    std::string text;
    for (std::string piece = co_await s.read(); !piece.empty(); piece = co_await s.read()) text += piece;
    co_return text == "onetwo";
}

asio::awaitable<bool> read_events(http_client api, std::string url)
{
    http_event_stream events = api.events(http_request("GET", url + "/events"));
    const auto first = co_await events.next();
    const auto second = co_await events.next(); // of another connection: the end came before its empty line
    co_return first&& second && first->data == "1" && second->data == "1";
}

asio::awaitable<bool> upload_twice(http_client api, std::string url)
{
    const auto left = std::make_shared<int>(20);
    const auto next = [left]() -> asio::awaitable<std::string> {
        co_return (*left)-- > 0 ? std::string(5000, 'x') : std::string();
    };
    http_request put("PUT", url + "/upload");
    put.body(make_generator_body(next, [left] { *left = 20; }));
    const http_response r = co_await api.request(std::move(put));
    co_return r.status() == 200;
}

asio::awaitable<bool> send_form(http_client api, std::string url)
{
    http_multipart form;
    form.field("title", std::string(50'000, 't'));
    const http_response r = co_await api.request(http_request("POST", url + "/form").multipart(form));
    co_return r.status() == 200;
}

asio::awaitable<bool> be_redirected(http_client api, std::string url)
{
    const http_response r = co_await api.get(url + "/moved");
    co_return r.status() == 200 && r.url().ends_with("/here");
}

asio::awaitable<bool> try_again(http_client api, std::string url)
{
    const http_response r = co_await api.get(url + "/busy");
    co_return r.status() == 200;
}

asio::awaitable<bool> by_token(http_client api, std::string url)
{
    const http_response r = co_await api.async_request(http_request("GET", url + "/x"), asio::use_awaitable);
    auto later = api.async_request(http_request("GET", url + "/x"), asio::deferred);
    const http_response second = co_await std::move(later)(asio::use_awaitable);
    co_return r.status() == 200 && second.status() == 200;
}

const std::map<std::string, operation> operations{{"read in pieces", read_pieces}, {"events", read_events},
                                                  {"upload", upload_twice},        {"multipart", send_form},
                                                  {"redirect", be_redirected},     {"another try", try_again},
                                                  {"completion tokens", by_token}};

struct calling_world {
    raw_server api{serve};
    std::shared_ptr<scripted_transport> server = std::make_shared<scripted_transport>();
    std::optional<asio::io_context> context{std::in_place};
    std::optional<http_client> client;
    asio::cancellation_signal stop;
    bool ended = false, good = false;
    error_code ec;

    explicit calling_world(operation what)
    {
        source_options own;
        own.allowed_origins = {api.url("")};
        own.service.transport = server;
        http_client_options options;
        options.limits = without_sweep();
        options.retries.attempts = 2;
        options.retries.first = 1ms;
        options.retries.budget = 10;
        client.emplace(token_source(context->get_executor(), stage::client(), grant::refresh_token("alice-0"), own),
                       options);
        asio::co_spawn(*context, what(*client, api.url("")),
                       asio::bind_cancellation_slot(stop.slot(), [this](const std::exception_ptr& e, bool b) {
                           ended = true;
                           good = b;
                           try {
                               if (e) std::rethrow_exception(e);
                           } catch (const boost::system::system_error& x) {
                               ec = x.code();
                           }
                       }));
    }
    // False: it has ended before that.
    bool run(int handlers)
    {
        for (int i = 0; i < handlers; ++i) {
            if (ended) return false;
            BOOST_REQUIRE(context->run_one_for(10s) > 0);
        }
        return !ended;
    }
};

template <class Something>
void after_any_handler(Something something)
{
    for (const auto& [name, what] : operations) {
        bool over = false;
        int handlers = 0;
        for (; !over; ++handlers) BOOST_TEST_CONTEXT(name << ", " << handlers << " handlers")
            {
                BOOST_REQUIRE(handlers < 1000);
                calling_world w(what);
                over = !w.run(handlers);
                if (over)
                    BOOST_TEST(w.good, w.ec.message());
                else
                    something(w);
            }
        BOOST_TEST(handlers > 5, name);
    }
}

} // namespace

BOOST_AUTO_TEST_SUITE(abandoned_http_operations)

BOOST_AUTO_TEST_CASE(the_context_goes)
{
    after_any_handler([](calling_world& w) {
        w.client.reset();
        w.context.reset();
        BOOST_TEST(w.server.use_count() == 1);
    });
}

BOOST_AUTO_TEST_CASE(the_client_goes_and_the_call_goes_on)
{
    after_any_handler([](calling_world& w) {
        w.client.reset();
        while (!w.ended && w.context->run_one_for(10s) > 0) {
        }
        BOOST_TEST(w.ended);
        BOOST_TEST(w.good, w.ec.message());
    });
}

BOOST_AUTO_TEST_CASE(the_call_is_cancelled_and_the_client_goes_on)
{
    after_any_handler([](calling_world& w) {
        asio::post(*w.context, [&] { w.stop.emit(asio::cancellation_type::terminal); });
        while (!w.ended && w.context->run_one_for(10s) > 0) {
        }
        BOOST_TEST(w.ended);
        BOOST_TEST((w.ec == asio::error::operation_aborted || (!w.ec && w.good)), w.ec.message());
        bool again = false;
        const auto next = [](http_client c, std::string url, bool& out) -> asio::awaitable<void> {
            out = (co_await c.get(std::move(url))).status() == 200;
        };
        asio::co_spawn(*w.context, next(*w.client, w.api.url("/x"), again), asio::detached);
        for (int i = 0; i < 10'000 && !again; ++i) w.context->run_one_for(10ms);
        BOOST_TEST(again);
        for (const auto& o : w.client->metrics().origins) BOOST_TEST(o.active == 0u);
    });
}

BOOST_AUTO_TEST_CASE(every_completion_style_ends_once_and_where_it_should)
{
    const raw_server server(serve);
    asio::io_context context;
    asio::io_context other;
    http_client_options options;
    options.limits = without_sweep();
    http_client api(context.get_executor(), options);
    const http_request request("GET", server.url("/x"));

    int called = 0;
    api.async_request(request, [&](const error_code& ec, const http_response& r) {
        ++called;
        BOOST_TEST(!ec);
        BOOST_TEST(r.status() == 200u);
        BOOST_TEST(context.get_executor().running_in_this_thread());
    });
    BOOST_TEST(called == 0); // never from within
    api.async_request(request,
                      asio::bind_executor(other.get_executor(), [&](const error_code& ec, const http_response&) {
                          ++called;
                          BOOST_TEST(!ec);
                          BOOST_TEST(other.get_executor().running_in_this_thread());
                      }));
    std::future<http_response> promised = api.async_request(request, asio::use_future);
    api.async_request(request, asio::detached);
    auto later = api.async_request(request, asio::deferred);
    std::move(later)([&](const error_code& ec, const http_response&) {
        ++called;
        BOOST_TEST(!ec);
    });
    const http_request bad("GET", "nonsense");
    api.async_request(bad, [&](const error_code& ec, const http_response&) {
        ++called;
        BOOST_TEST((ec == errc::invalid_argument));
    });
    std::future<http_response> broken = api.async_request(bad, asio::use_future);
    for (int i = 0; i < 1000 && (called < 4 || promised.wait_for(0s) != std::future_status::ready); ++i) {
        context.restart();
        context.run_for(5ms);
        other.restart();
        other.poll();
    }
    BOOST_TEST(called == 4);
    BOOST_TEST(promised.get().status() == 200u);
    BOOST_CHECK_THROW(broken.get(), boost::system::system_error);
    context.restart();
    context.run_for(10s);
    BOOST_TEST(context.stopped());
    for (const auto& o : api.metrics().origins) BOOST_TEST(o.active == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
