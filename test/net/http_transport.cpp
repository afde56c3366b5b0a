// The transport for token requests: one connection, one request, and the truth about what was sent.
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <afresh/http_transport.hpp>

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <limits>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string with_length = "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"access\":\"at\"}";
const std::string with_chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

transport_request post(const std::string& url)
{
    auto request = http_request("POST", url).field("Content-Type", "text/plain").body("secret");
    return transport_request(std::move(request));
}

transport_outcome send(transport_request request)
{
    const auto transport = make_http_transport();
    asio::io_context context;
    return run(context, transport->send(std::move(request)));
}

// A server that reads the request, answers `bytes` and closes.
raw_server::script answer(std::string bytes)
{
    return [bytes = std::move(bytes)](raw_peer& peer) {
        peer.read_request();
        peer.write(bytes);
    };
}

transport_outcome ask(std::string bytes)
{
    const raw_server server(answer(std::move(bytes)));
    return send(post(server.url("/token")));
}

} // namespace

BOOST_AUTO_TEST_CASE(a_response_cut_at_any_byte_is_lost_and_was_sent)
{
    for (const auto& whole : {with_length, with_chunks})
        for (const bool reset : {false, true}) {
            std::atomic<std::size_t> cut{0};
            const raw_server server([&](raw_peer& peer) {
                peer.read_request();
                peer.write(whole.substr(0, cut));
                if (reset) peer.reset();
            });
            for (; cut < whole.size(); ++cut) {
                const auto outcome = send(post(server.url("/token")));
                BOOST_TEST(outcome.ec == errc::connection_lost, "cut at " << cut << ": " << outcome.ec);
                BOOST_TEST(outcome.sent);
                BOOST_TEST(outcome.response.body().empty());
            }
        }
}

BOOST_AUTO_TEST_CASE(malformed_answers_are_errors_and_were_sent)
{
    const char* const bad[] = {
        "nonsense\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    };
    for (const auto* bytes : bad) {
        const auto outcome = ask(bytes);
        BOOST_TEST(outcome.ec == errc::malformed_http, bytes << ": " << outcome.ec);
        BOOST_TEST(outcome.sent);
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_when_nobody_listens)
{
    const auto outcome = send(post("http://127.0.0.1:" + std::to_string(unused_port()) + "/token"));
    BOOST_TEST(outcome.ec == errc::connect_failed);
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_when_the_name_is_unknown)
{
    auto request = post("http://no-such-host.invalid/token");
    request.connect_limit = 5s;
    const auto outcome = send(std::move(request));
    BOOST_TEST((outcome.ec == errc::resolve_failed || outcome.ec == errc::connect_timed_out));
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(a_request_that_must_not_be_sent_is_not_even_connected)
{
    const raw_server server(answer(with_length));
    auto injected = post(server.url("/token"));
    injected.request.field("X-Id", "1\r\nAuthorization: Basic evil");
    auto spaced = post(server.url("/tok en"));
    auto other = post("ftp://127.0.0.1/token");
    for (auto* request : {&injected, &spaced, &other}) {
        const auto outcome = send(*request);
        BOOST_TEST(outcome.ec == errc::invalid_argument);
        BOOST_TEST(!outcome.sent);
    }
    BOOST_TEST(server.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(an_error_before_the_first_byte_leaves_the_server_with_none)
{
    std::atomic<std::size_t> seen = std::numeric_limits<std::size_t>::max();
    unsigned asked = 0;
    {
        const raw_server server([&](raw_peer& peer) { seen = peer.drain(); });
        auto request = post(server.url("/token"));
        request.before_first_byte = [&asked]() -> error_code {
            ++asked;
            return errc::store_failed;
        };
        const auto outcome = send(std::move(request));
        BOOST_TEST(outcome.ec == errc::store_failed);
        BOOST_TEST(!outcome.sent);
        while (seen == std::numeric_limits<std::size_t>::max()) std::this_thread::sleep_for(1ms);
    }
    BOOST_TEST(seen == 0u);
    BOOST_TEST(asked == 1u);
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_limit_and_was_sent)
{
    const raw_server server([](raw_peer& peer) { peer.drain(); });
    auto request = post(server.url("/token"));
    request.exchange_limit = 100ms;
    const auto start = std::chrono::steady_clock::now();
    const auto outcome = send(std::move(request));
    BOOST_TEST(outcome.ec == errc::total_timed_out);
    BOOST_TEST(outcome.sent);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 2s));
}

BOOST_AUTO_TEST_CASE(an_answer_of_one_byte_at_a_time_ends_at_the_limit)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        for (const char c : with_length) {
            peer.write({&c, 1});
            peer.pause(20ms);
        }
    });
    auto request = post(server.url("/token"));
    request.exchange_limit = 200ms;
    const auto outcome = send(std::move(request));
    BOOST_TEST(outcome.ec == errc::total_timed_out);
    BOOST_TEST(outcome.sent);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_never_comes_ends_at_the_connect_limit)
{
    const raw_server server([](raw_peer& peer) { peer.drain(); });
    auto request = post("https://127.0.0.1:" + std::to_string(server.port()) + "/token");
    request.connect_limit = 100ms;
    const auto outcome = send(std::move(request));
    BOOST_TEST(outcome.ec == errc::tls_timed_out);
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(endless_headers_and_bodies_end_at_their_limits)
{
    const auto bomb = [](const char* start, const char* more) {
        return [=](raw_peer& peer) {
            peer.read_request();
            peer.write(start);
            std::string piece;
            while (piece.size() < 10'000) piece += more;
            for (int i = 0; i < 2000; ++i) peer.write(piece);
        };
    };
    const raw_server header(bomb("HTTP/1.1 200 OK\r\n", "X: y\r\n"));
    BOOST_TEST(send(post(header.url("/token"))).ec == errc::header_limit);
    const raw_server line(bomb("HTTP/1.1 200 OK\r\nX: ", "yyyyyyyyyy"));
    BOOST_TEST(send(post(line.url("/token"))).ec == errc::header_limit);
    const raw_server body(bomb("HTTP/1.1 200 OK\r\n\r\n", "yyyyyyyyyy"));
    BOOST_TEST(send(post(body.url("/token"))).ec == errc::body_limit);
    const raw_server chunks(bomb("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nhello\r\n"));
    BOOST_TEST(send(post(chunks.url("/token"))).ec == errc::body_limit);
    const raw_server chunk_line(bomb("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=", "yyyyyyyyyy"));
    const auto outcome = send(post(chunk_line.url("/token")));
    BOOST_TEST((outcome.ec == errc::header_limit || outcome.ec == errc::malformed_http), outcome.ec);
    const raw_server trailer(bomb("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n"));
    BOOST_TEST(send(post(trailer.url("/token"))).ec == errc::header_limit);
}

BOOST_AUTO_TEST_CASE(redirects_are_answers)
{
    const raw_server server(answer("HTTP/1.1 307 Go\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n"));
    const auto outcome = send(post(server.url("/token")));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.status() == 307u);
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(an_answer_before_the_end_of_a_large_request_counts)
{
    const raw_server server([](raw_peer& peer) {
        peer.write("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
        peer.pause(100ms);
    });
    auto request = post(server.url("/token"));
    request.request.body(std::string(8'000'000, 'x'));
    request.exchange_limit = 5s;
    const auto outcome = send(std::move(request));
    // the reset may also overtake the answer; it never turns into success, or into "not sent"
    BOOST_TEST((outcome.response.status() == 413u || outcome.ec == errc::connection_lost));
    BOOST_TEST(outcome.sent);
}

BOOST_AUTO_TEST_CASE(the_answer_comes_whole_and_each_request_has_its_own_connection)
{
    std::string request_seen;
    const raw_server server([&](raw_peer& peer) {
        request_seen = peer.read_request();
        peer.write(peer.number == 0 ? with_length : with_chunks);
        peer.drain();
    });
    auto first = post(server.url("/token?x=1"));
    bool asked = false;
    first.before_first_byte = [&] {
        asked = true;
        return error_code();
    };
    const auto one = send(std::move(first));
    BOOST_TEST(!one.ec);
    BOOST_TEST(one.sent);
    BOOST_TEST(asked);
    BOOST_TEST(one.response.body() == "{\"access\":\"at\"}");
    BOOST_TEST(request_seen.starts_with("POST /token?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
    BOOST_TEST(request_seen.find("Connection: close\r\n") != std::string::npos);
    BOOST_TEST(request_seen.ends_with("\r\n\r\nsecret"));
    BOOST_TEST(send(post(server.url("/token"))).response.body() == "hello");
    BOOST_TEST(server.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(the_addresses_of_a_name_are_tried_in_turn)
{
    const raw_server server(answer(with_length)); // IPv4 only; `localhost` is ::1 first
    const auto outcome = send(post(server.url("/token", "localhost")));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.status() == 200u);
}

BOOST_AUTO_TEST_CASE(nothing_is_left_behind_on_the_context)
{
    const raw_server server(answer(with_length));
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(!send(post(server.url("/token"))).ec);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 2s)); // run() waits for no timer
}
