// Answers that are read as they come, decoded if need be, and their connections.
#include "support/client_fixture.hpp"
#include "support/encoders.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n";

struct fixture : client_fixture {
    http::call_result open(const std::string& url)
    {
        request = http_request("GET", url);
        return run(context, client().open(request, {nullptr, true}));
    }
    // The next piece; empty: the end.
    std::string read(http::answer& from)
    {
        std::string piece;
        last = run(context, from.read_some(piece));
        return piece;
    }
    error_code read_all(http::answer& from, std::string& body, std::size_t most = 1 << 20)
    {
        return run(context, from.read_all(body, most));
    }

    http_request request;
    error_code last;
    std::atomic<std::size_t> written{};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(streams, fixture)

BOOST_AUTO_TEST_CASE(pieces_come_as_they_are_sent_and_the_connection_is_kept_at_the_end)
{
    std::atomic<int> step{};
    const raw_server server([&](raw_peer& peer) {
        while (!peer.read_request().empty()) {
            peer.write(chunked + "\r\n");
            for (int i = 1; i <= 3; ++i) {
                while (step < i) peer.pause(1ms);
                peer.write("3\r\none\r\n");
            }
            peer.write("0\r\n\r\n");
        }
    });
    for (int round = 0; round < 2; ++round) {
        step = 0;
        auto opened = open(server.url("/"));
        BOOST_REQUIRE(!opened.ec);
        BOOST_TEST(opened.got.status() == 200u);
        for (int i = 1; i <= 3; ++i) {
            step = i;
            BOOST_TEST(read(opened.got) == "one");
        }
        BOOST_TEST(read(opened.got).empty());
        BOOST_TEST(!last);
        BOOST_TEST(opened.got.at_end());
        BOOST_TEST(read(opened.got).empty()); // and so it stays
    }
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(what_is_not_read_is_not_received)
{
    const raw_server server([&](raw_peer& peer) {
        peer.read_request();
        peer.write(chunked + "\r\n");
        const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
        for (int i = 0; i < 1000; ++i) {
            peer.write(chunk);
            written += chunk.size();
        }
    });
    auto opened = open(server.url("/"));
    BOOST_TEST(!read(opened.got).empty());
    std::this_thread::sleep_for(200ms);
    const std::size_t then = written;
    BOOST_TEST(then < 30'000'000u); // what the buffers of the system hold
    std::this_thread::sleep_for(100ms);
    BOOST_TEST(written == then);
}

BOOST_AUTO_TEST_CASE(a_stream_has_no_limit_of_size_or_of_total_time_but_one_between_pieces)
{
    options.limits.body = 10;
    options.limits.total = 300ms;
    options.limits.body_idle = 250ms;
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        peer.write(chunked + "\r\n");
        for (int i = 0; i < 10; ++i) {
            peer.pause(50ms);
            peer.write("5\r\nhello\r\n");
        }
        peer.drain();
    });
    auto opened = open(server.url("/"));
    std::string body;
    BOOST_TEST(read_all(opened.got, body) == errc::body_timed_out);
    BOOST_TEST(body.size() == 50u);
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_let_go_takes_its_connection_along)
{
    const raw_server server(keep_answering(text_answer("200 OK", std::string(100'000, 'x'))));
    {
        auto opened = open(server.url("/"));
        BOOST_TEST(!read(opened.got).empty());
        BOOST_TEST(client().in_use().front().active == 1u);
    }
    BOOST_TEST(client().in_use().empty());
    auto whole = open(server.url("/"));
    std::string body;
    BOOST_TEST(!read_all(whole.got, body));
    BOOST_TEST(body.size() == 100'000u);
    BOOST_TEST(client().in_use().front().idle == 1u);
    BOOST_TEST(server.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(a_stream_may_outlive_its_client)
{
    const raw_server server(keep_answering(text_answer("200 OK", std::string(100'000, 'x'))));
    auto opened = open(server.url("/"));
    made.reset();
    std::string body;
    BOOST_TEST(!read_all(opened.got, body));
    BOOST_TEST(body.size() == 100'000u);
}

BOOST_AUTO_TEST_CASE(more_than_the_reader_wants_is_too_much)
{
    const raw_server server(keep_answering(text_answer("200 OK", std::string(1'000'000, 'x'))));
    auto opened = open(server.url("/"));
    std::string body;
    BOOST_TEST(read_all(opened.got, body, 10) == errc::body_limit);
    BOOST_TEST(client().in_use().empty());
}

BOOST_AUTO_TEST_CASE(a_read_can_be_cancelled)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        peer.write(chunked + "\r\n");
        peer.drain();
    });
    auto opened = open(server.url("/"));
    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    std::string piece;
    asio::co_spawn(context, opened.got.read_some(piece),
                   asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, error_code ec) { ended = ec; }));
    context.restart();
    context.run_for(30ms);
    BOOST_TEST(!ended);
    stop.emit(asio::cancellation_type::terminal);
    context.run_for(5s);
    BOOST_REQUIRE(ended);
    BOOST_TEST(*ended == asio::error::operation_aborted);
    BOOST_TEST(client().in_use().empty());
}

BOOST_AUTO_TEST_CASE(a_coded_answer_is_decoded_and_says_so)
{
    const std::string plain(300'000, 'y');
    notes seen;
    const raw_server server(answering(seen, [&](const std::string& request) {
        if (request.find("Accept-Encoding: gzip") == std::string::npos) return text_answer("200 OK", plain);
        return text_answer("200 OK", gzip(plain), "Content-Encoding: gzip\r\n");
    }));
    const auto outcome = get(server.url("/"));
    BOOST_TEST((outcome.response.body() == plain));
    BOOST_TEST(!outcome.response.fields().contains("Content-Encoding"));
    BOOST_TEST(!outcome.response.fields().contains("Content-Length"));
    BOOST_TEST(seen.at(0).find("\r\nAccept-Encoding: gzip, deflate") != std::string::npos);

    auto opened = open(server.url("/"));
    std::string body;
    BOOST_TEST(!read_all(opened.got, body));
    BOOST_TEST((body == plain));

    const auto own = send(http_request("GET", server.url("/")).field("Accept-Encoding", "gzip"));
    BOOST_TEST((own.response.body() == gzip(plain)));
    BOOST_TEST(own.response.fields().contains("Content-Encoding"));
    const auto range = send(http_request("GET", server.url("/")).field("Range", "bytes=0-9"));
    BOOST_TEST(range.response.body().size() == plain.size());
    BOOST_TEST(server.connections() == 1u);

    made.reset();
    options.decompress = false;
    BOOST_TEST((get(server.url("/")).response.body() == plain));
    BOOST_TEST(seen.all().back().find("Accept-Encoding") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_answer_to_head_is_not_decoded)
{
    const raw_server server(keep_answering("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n"));
    const auto outcome = send(http_request("HEAD", server.url("/")));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.body().empty());
    BOOST_TEST(outcome.response.fields().find("Content-Length") == "99");
    BOOST_TEST(outcome.response.fields().find("Content-Encoding") == "gzip");
    const raw_server none(keep_answering("HTTP/1.1 304 Not Modified\r\nContent-Encoding: gzip\r\n\r\n"));
    BOOST_TEST(!get(none.url("/")).ec);
}

BOOST_AUTO_TEST_CASE(a_small_answer_that_becomes_a_large_one_is_stopped)
{
    options.limits.body = 100'000;
    const std::string bomb = gzip(std::string(50'000'000, 'x'));
    const raw_server server(keep_answering(text_answer("200 OK", bomb, "Content-Encoding: gzip\r\n")));
    BOOST_TEST(get(server.url("/")).ec == errc::body_limit);
    auto opened = open(server.url("/"));
    std::string body;
    BOOST_TEST(read_all(opened.got, body, 1 << 30) == errc::body_limit);
    BOOST_TEST(client().in_use().empty());
}

BOOST_AUTO_TEST_CASE(what_cannot_be_decoded_is_an_error_and_what_is_not_known_the_callers)
{
    const raw_server bad(keep_answering(text_answer("200 OK", "no gzip at all", "Content-Encoding: gzip\r\n")));
    BOOST_TEST(get(bad.url("/")).ec == errc::malformed_encoding);
    const std::string cut = gzip("hello hello hello").substr(0, 20);
    const raw_server half(keep_answering(text_answer("200 OK", cut, "Content-Encoding: gzip\r\n")));
    BOOST_TEST(get(half.url("/")).ec == errc::malformed_encoding);
    const raw_server other(keep_answering(text_answer("200 OK", "x", "Content-Encoding: compress\r\n")));
    const auto outcome = get(other.url("/"));
    BOOST_TEST(outcome.response.body() == "x");
    BOOST_TEST(outcome.response.fields().find("Content-Encoding") == "compress");
}

BOOST_AUTO_TEST_SUITE_END()
