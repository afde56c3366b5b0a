// Server-sent events over connections that come and go.
#include "support/client_fixture.hpp"
#include "support/stage.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string stream_head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                                "Transfer-Encoding: chunked\r\n\r\n";

std::string chunk(const std::string& text)
{
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", text.size());
    return size + text + "\r\n";
}

struct fixture {
    fixture()
    {
        options.limits = without_sweep();
        how.first_pause = 1ms;
        how.longest_pause = 5ms;
    }
    // Each connection plays its part: the last one is played for ever.
    raw_server::script in_turn(std::vector<std::string> parts)
    {
        return [this, parts](raw_peer& peer) {
            seen.add(peer.read_request());
            peer.write(parts[std::min<std::size_t>(peer.number, parts.size() - 1)]);
        };
    }
    http_event_stream open(const raw_server& server)
    {
        return http_client(context.get_executor(), options).events(http_request("GET", server.url("/")), how);
    }
    // "type data id", or how it ended.
    std::string next(http_event_stream& events)
    {
        try {
            const auto e = run(context, events.next());
            return e ? e->type + ' ' + e->data + ' ' + e->id : "the end";
        } catch (const http_status_error& e) {
            return "status " + std::to_string(e.response().status());
        } catch (const boost::system::system_error& e) {
            last = e.code();
            return "error";
        }
    }

    asio::io_context context;
    http_client_options options;
    http_event_options how;
    notes seen;
    error_code last;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(event_streams, fixture)

BOOST_AUTO_TEST_CASE(events_come_one_by_one_and_a_lost_connection_is_made_again)
{
    const raw_server server(in_turn({stream_head + chunk("id: 1\ndata: a\n\nid: 2\ndata: b\n\ndata: half"),
                                     stream_head + chunk("event: x\ndata: c\n\n") + "0\r\n\r\n",
                                     text_answer("503 Service Unavailable", "later"),
                                     stream_head + chunk("data: d\n\n"), "HTTP/1.1 204 No Content\r\n\r\n"}));
    auto events = open(server);
    BOOST_TEST(seen.size() == 0u);
    BOOST_TEST(next(events) == "message a 1");
    BOOST_TEST(next(events) == "message b 2");
    BOOST_TEST(next(events) == "x c 2");
    BOOST_TEST(next(events) == "message d 2");
    BOOST_TEST(next(events) == "the end");
    BOOST_TEST(next(events) == "the end");
    BOOST_TEST(events.last_event_id() == "2");
    BOOST_REQUIRE(seen.size() == 5u);
    BOOST_TEST(seen.at(0).find("\r\nAccept: text/event-stream\r\n") != std::string::npos);
    BOOST_TEST(seen.at(0).find("Last-Event-ID") == std::string::npos);
    for (std::size_t i = 1; i < 5; ++i) BOOST_TEST(seen.at(i).find("\r\nLast-Event-ID: 2\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(without_reconnecting_the_first_connection_is_all)
{
    how.reconnect = false;
    const raw_server whole(in_turn({stream_head + chunk("data: a\n\n") + "0\r\n\r\n"}));
    auto events = open(whole);
    BOOST_TEST(next(events) == "message a ");
    BOOST_TEST(next(events) == "the end");
    const raw_server cut(in_turn({stream_head + chunk("data: a\n\n")}));
    auto lost = open(cut);
    BOOST_TEST(next(lost) == "message a ");
    BOOST_TEST(next(lost) == "error");
    BOOST_TEST(last == errc::connection_lost);
    BOOST_TEST(whole.connections() + cut.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(what_no_further_attempt_would_mend_is_the_callers)
{
    const raw_server refused(in_turn({text_answer("403 Forbidden", "no")}));
    auto events = open(refused);
    BOOST_TEST(next(events) == "status 403");
    const raw_server other(in_turn({text_answer("200 OK", "{}", "Content-Type: application/json\r\n")}));
    auto json = open(other);
    BOOST_TEST(next(json) == "error");
    BOOST_TEST(last == errc::malformed_http);
    const raw_server later(in_turn({text_answer("503 Service Unavailable", "")}));
    auto first = open(later);
    BOOST_TEST(next(first) == "status 503"); // nobody knows yet whether it is the right address
    how.event_limit = 100;
    const raw_server large(in_turn({stream_head + chunk("data: " + std::string(200, 'x'))}));
    auto too_much = open(large);
    BOOST_TEST(next(too_much) == "error");
    BOOST_TEST(last == errc::body_limit);
    BOOST_TEST(next(too_much) == "the end");
}

BOOST_AUTO_TEST_CASE(so_many_attempts_in_a_row_are_enough)
{
    how.attempts = 3;
    const raw_server server(in_turn({stream_head + chunk("data: a\n\n"), text_answer("502 Bad Gateway", "")}));
    auto events = open(server);
    BOOST_TEST(next(events) == "message a ");
    BOOST_TEST(next(events) == "status 502");
    BOOST_TEST(server.connections() == 3u); // the loss was the first
}

BOOST_AUTO_TEST_CASE(a_silent_connection_is_made_again)
{
    options.limits.body_idle = 40ms;
    const raw_server server([this](raw_peer& peer) {
        seen.add(peer.read_request());
        peer.write(stream_head + chunk("data: a\n\n"));
        peer.drain();
    });
    auto events = open(server);
    for (int i = 0; i < 3; ++i) BOOST_TEST(next(events) == "message a ");
    BOOST_TEST(server.connections() == 3u);
}

BOOST_AUTO_TEST_CASE(a_wait_can_be_cancelled_and_taken_up_again)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        if (peer.number == 0) {
            peer.write(stream_head);
            peer.drain();
        }
        peer.write(stream_head + chunk("data: a\n\n"));
    });
    auto events = open(server);
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    asio::co_spawn(context, events.next(),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr e, std::optional<http_event>) {
                       ended = code_of([&] { std::rethrow_exception(e); });
                   }));
    context.run_for(50ms);
    BOOST_TEST(!ended);
    stop.emit(asio::cancellation_type::terminal);
    context.run_for(5s);
    BOOST_REQUIRE(ended);
    BOOST_TEST(*ended == asio::error::operation_aborted);
    BOOST_TEST(next(events) == "message a ");
}

BOOST_AUTO_TEST_SUITE_END()
