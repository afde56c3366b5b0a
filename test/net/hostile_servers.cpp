// Servers that never come to an end, or come to it too early: each costs its time limit and its size limit at most, has
// its error, and its connection is not used again.
#include "http/http1_client.hpp"
#include "support/counted_memory.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using http::http1_client;
using namespace std::string_literals;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr std::int64_t a_constant = 1024 * 1024;
const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

struct ender {
    std::atomic<bool>& over;
    ~ender() { over = true; }
};

struct fixture {
    asio::io_context context;
    http_limits limits = without_sweep();
    std::atomic<bool> over{false};
    clock_type::duration took{};
    std::int64_t peak{}; // of memory

    // Of one call against `evil`, which has the first connection; the next call finds another.
    error_code suffer(const raw_server::script& evil, const char* method = "GET", std::string body = {})
    {
        over = false;
        const raw_server server([&](raw_peer& peer) { peer.number == 0 ? evil(peer) : keep_answering()(peer); });
        const ender end{over}; // before the server waits for its scripts
        http1_client client(context.get_executor(), {}, limits);
        auto request = http_request(method, server.url("/")).body(std::move(body));
        const counted_memory memory;
        const auto start = clock_type::now();
        const transport_outcome outcome = run(context, client.send(request, {}));
        took = clock_type::now() - start;
        peak = memory.peak();
        over = true;
        BOOST_TEST(outcome.response.body().empty());
        BOOST_TEST(server.connections() == 1u);
        const auto next = http_request("POST", server.url("/")).timeout(20s);
        BOOST_TEST(run(context, client.send(next)).response.body() == "hello");
        BOOST_TEST(server.connections() == 2u);
        return outcome.ec;
    }

    // `text` again and again, behind `begin`.
    raw_server::script endless(std::string begin, std::string text)
    {
        return [this, begin, text](raw_peer& peer) {
            peer.read_request();
            peer.write(begin);
            while (!over) peer.write(text);
        };
    }

    // A byte of `text` at a time, and then nothing.
    raw_server::script slow(std::string begin, std::string text)
    {
        return [this, begin, text](raw_peer& peer) {
            peer.read_request();
            peer.write(begin);
            for (std::size_t i = 0; i < text.size() && !over; ++i) {
                peer.write({&text[i], 1});
                peer.pause(50ms);
            }
            while (!over) peer.pause(1ms);
        };
    }
};

std::string times(int n, const std::string& text)
{
    std::string all;
    while (n-- > 0) all += text;
    return all;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_servers, fixture)

BOOST_AUTO_TEST_CASE(a_byte_now_and_then_ends_at_the_total_limit_wherever_it_stands)
{
    limits.first_byte = limits.body_idle = 10s;
    limits.total = 500ms;
    const std::string many(1000, 'x');
    const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
    for (const auto& evil :
         {slow("", hello), slow("HTTP/1.1 200 ", many), slow("HTTP/1.1 200 OK\r\nX: ", many),
          slow("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", many), slow("HTTP/1.1 200 OK\r\n\r\n", many),
          slow(chunked + "5;", many), slow(chunked, times(100, "1\r\nx\r\n")), slow(chunked + "0\r\nX: ", many),
          slow("", times(100, interim)), slow(interim, hello)}) {
        BOOST_TEST(suffer(evil) == errc::total_timed_out);
        BOOST_TEST((took >= 500ms));
    }
}

BOOST_AUTO_TEST_CASE(a_byte_and_then_silence_ends_at_the_idle_limit)
{
    limits.first_byte = limits.total = 20s;
    limits.body_idle = 300ms;
    for (const auto* begin : {"H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                              "HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 100 Continue\r\n\r\n"}) {
        BOOST_TEST(suffer(slow(begin, "")) == errc::body_timed_out, begin);
        BOOST_TEST((took >= 300ms));
    }
    for (const auto* begin : {"5", "5\r\nhel", "5\r\nhello\r\n", "0\r\n", "0\r\nX: y\r\n"}) {
        BOOST_TEST(suffer(slow(chunked + begin, "")) == errc::body_timed_out, begin);
        BOOST_TEST((took >= 300ms));
    }
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_limit_of_the_first_byte)
{
    limits.body_idle = limits.total = 20s;
    limits.first_byte = 300ms;
    BOOST_TEST(suffer(slow("", "")) == errc::first_byte_timed_out);
    BOOST_TEST((took >= 300ms));
    BOOST_TEST(suffer([this](raw_peer& peer) {
                   while (!over) peer.pause(1ms); // and reads nothing
               }) == errc::first_byte_timed_out);
}

BOOST_AUTO_TEST_CASE(an_endless_body_ends_at_its_limit_and_holds_no_more_memory_than_twice_that)
{
    limits.body = 2 * 1024 * 1024;
    const auto most = 2 * static_cast<std::int64_t>(limits.body) + a_constant; // while it moves to a larger place
    const std::string piece(64 * 1024, 'x');
    for (const auto& evil : {endless("HTTP/1.1 200 OK\r\n\r\n", piece), endless(chunked, "10000\r\n" + piece + "\r\n"),
                             endless(chunked, times(1000, "10\r\n0123456789abcdef\r\n"))}) {
        BOOST_TEST(suffer(evil) == errc::body_limit);
        BOOST_TEST(peak < most);
    }
}

BOOST_AUTO_TEST_CASE(an_announced_body_beyond_the_limit_is_not_waited_for)
{
    for (const auto& announced : {"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n"s,
                                  chunked + "ffffffffffffffff\r\n", chunked + "800001\r\n"}) {
        BOOST_TEST(suffer(slow(announced, "")) == errc::body_limit);
        BOOST_TEST(peak < a_constant);
    }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_announced_and_does_not_come_costs_no_memory)
{
    limits.body_idle = 300ms;
    for (const auto& announced : {"HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n"s, chunked + "800000\r\n"}) {
        BOOST_TEST(suffer(slow(announced, "")) == errc::body_timed_out);
        BOOST_TEST(peak < a_constant);
    }
}

BOOST_AUTO_TEST_CASE(an_endless_header_ends_at_its_limit_wherever_it_grows)
{
    const std::string ok = "HTTP/1.1 200 OK\r\n";
    const std::string piece(1000, 'x');
    for (const auto& evil :
         {endless("HTTP/1.1 200 ", piece), endless(ok, "A: b\r\n"), endless(ok + "X: ", piece), endless(ok, piece),
          endless(ok + "X: y", "\r\n z"), endless(chunked + "5;", piece), endless(chunked + "5;a=\"", piece),
          endless(chunked, "1;" + piece + "\r\na\r\n"), endless(chunked, "0"), endless(chunked + "0\r\n", "A: b\r\n"),
          endless(chunked + "0\r\nX: ", piece),
          endless("", "HTTP/1.1 103 Early Hints\r\nLink: " + times(4, piece) + "\r\n\r\n")}) {
        BOOST_TEST(suffer(evil) == errc::header_limit);
        BOOST_TEST(peak < 2 * a_constant);
    }
}

BOOST_AUTO_TEST_CASE(endless_interim_answers_are_malformed)
{
    BOOST_TEST(suffer(endless("", "HTTP/1.1 100 Continue\r\n\r\n")) == errc::malformed_http);
    BOOST_TEST(peak < a_constant);
}

BOOST_AUTO_TEST_CASE(endless_noise_is_malformed_at_once)
{
    for (const auto* noise : {"x", "\r\n", "\n", "220 mail.example ESMTP\r\n", "\x16\x03\x01"}) {
        BOOST_TEST(suffer(endless("", noise)) == errc::malformed_http, noise);
        BOOST_TEST(peak < a_constant);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_at_any_point_has_lost_the_connection)
{
    const std::string answers[] = {"",
                                   "H",
                                   "HTTP/1.1 200 OK\r\n",
                                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
                                   hello.substr(0, hello.size() - 1),
                                   chunked,
                                   chunked + "5\r\nhel",
                                   chunked + "5\r\nhello\r\n0\r\n",
                                   "HTTP/1.1 100 Continue\r\n\r\n"};
    for (const bool rudely : {false, true}) {
        for (const std::string& part : answers)
            BOOST_TEST(suffer([=](raw_peer& peer) {
                           peer.read_request();
                           peer.write(part);
                           if (rudely) peer.reset();
                       }) == errc::connection_lost,
                       part);
    }
}

BOOST_AUTO_TEST_CASE(a_reset_is_no_end_of_a_body_that_ends_with_the_stream)
{
    BOOST_TEST(suffer([](raw_peer& peer) {
                   peer.read_request();
                   peer.write("HTTP/1.1 200 OK\r\n\r\nall there is");
                   peer.reset();
               }) == errc::connection_lost);
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_at_accept_or_while_the_request_is_sent_has_lost_the_connection)
{
    for (const std::size_t size : {0, 20'000'000}) {
        BOOST_TEST(suffer([](raw_peer&) {}, "PUT", std::string(size, 'x')) == errc::connection_lost);
        // a reset may come before the client knows that it was connected
        const auto ec = suffer([](raw_peer& peer) { peer.reset(); }, "PUT", std::string(size, 'x'));
        BOOST_TEST((ec == errc::connection_lost || ec == errc::connect_failed), ec);
    }
}

BOOST_AUTO_TEST_CASE(a_streamed_body_of_any_size_passes_through_little_memory)
{
    const raw_server server(endless("HTTP/1.1 200 OK\r\n\r\n", std::string(64 * 1024, 'x')));
    const ender end{over};
    http1_client client(context.get_executor(), {}, limits);
    http_request request("GET", server.url("/"));
    const auto read = [&]() -> asio::awaitable<std::size_t> {
        http::call_options options;
        options.streamed = true;
        http::call_result r = co_await client.open(request, options);
        std::size_t all = 0;
        std::string piece;
        while (!r.ec && all < 4 * limits.body) {
            r.ec = co_await r.got.read_some(piece);
            all += piece.size();
        }
        co_return all;
    };
    const counted_memory memory;
    BOOST_TEST(run(context, read()) >= 4 * limits.body);
    BOOST_TEST(memory.peak() < a_constant);
}

BOOST_AUTO_TEST_SUITE_END()
