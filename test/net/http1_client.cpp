// The pooling client: connections are kept, never mistaken for good ones, and bounded.
#include "http/http1_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"
#include "support/test_pki.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <optional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using http::http1_client;

namespace {

// Until the server has done something, and a little longer, so that it has arrived.
void wait_for(const std::atomic<unsigned>& counter, unsigned value)
{
    while (counter < value) std::this_thread::sleep_for(1ms);
    std::this_thread::sleep_for(5ms);
}

struct fixture {
    asio::io_context context;
    http_limits limits = without_sweep();
    std::optional<http1_client> made;

    http1_client& client(const tls_options& tls = {})
    {
        if (!made) made.emplace(context.get_executor(), tls, limits);
        return *made;
    }
    transport_outcome get(const std::string& url, const char* method = "GET")
    {
        const http_request request(method, url);
        return run(context, client().send(request));
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(http1_client_keeps_connections, fixture)

BOOST_AUTO_TEST_CASE(limits_out_of_range_are_refused)
{
    for (auto member : {&http_limits::connect, &http_limits::tls, &http_limits::pool_wait, &http_limits::idle}) {
        http_limits l;
        l.*member = 0ms;
        BOOST_CHECK_THROW(http1_client(context.get_executor(), {}, l), boost::system::system_error);
    }
    http_limits none;
    none.connections_per_origin = 0;
    BOOST_CHECK_THROW(http1_client(context.get_executor(), {}, none), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_when_nobody_listens_or_the_request_is_bad)
{
    const auto refused = get("http://127.0.0.1:" + std::to_string(unused_port()) + "/");
    BOOST_TEST(refused.ec == errc::connect_failed);
    BOOST_TEST(!refused.sent);
    const raw_server server(keep_answering());
    http_request injected("GET", server.url("/"));
    injected.field("X", "1\r\n\r\nGET /evil HTTP/1.1\r\n");
    const auto bad = run(context, client().send(injected));
    BOOST_TEST(bad.ec == errc::invalid_argument);
    BOOST_TEST(!bad.sent);
    BOOST_TEST(get("not a url").ec == errc::invalid_argument);
    BOOST_TEST(server.connections() == 0u);
}

BOOST_AUTO_TEST_CASE(one_connection_serves_requests_one_after_another)
{
    const raw_server server(keep_answering());
    for (int i = 0; i < 5; ++i) {
        const auto outcome = get(server.url("/"), i == 3 ? "POST" : "GET");
        BOOST_TEST(!outcome.ec);
        BOOST_TEST(outcome.response.body() == "hello");
    }
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(an_idle_client_leaves_no_work_on_the_context)
{
    const raw_server server(keep_answering());
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 2s));
}

BOOST_AUTO_TEST_CASE(a_connection_with_bytes_nobody_asked_for_is_not_used_again)
{
    const raw_server together(keep_answering(hello + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(get(together.url("/")).response.body() == "hello");
    BOOST_TEST(together.connections() == 3u);

    std::atomic<unsigned> written{};
    const raw_server later([&](raw_peer& peer) {
        while (!peer.read_request().empty()) {
            peer.write(hello);
            peer.pause(20ms);
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
            ++written;
        }
    });
    for (unsigned i = 0; i < 3; ++i) {
        BOOST_TEST(get(later.url("/")).response.body() == "hello");
        wait_for(written, i + 1);
    }
    BOOST_TEST(later.connections() == 3u);
}

BOOST_AUTO_TEST_CASE(unasked_bytes_in_a_tls_record_of_their_own_are_seen_too)
{
    test_pki pki;
    pki.issue("server", {});
    std::atomic<unsigned> written{};
    const raw_server server(
        [&](raw_peer& peer) {
            while (!peer.read_request().empty()) {
                peer.write(hello);
                peer.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                ++written;
            }
        },
        pki.server("server"));
    tls_options tls;
    tls.trust_roots_file = pki.roots_file();
    client(tls);
    for (unsigned i = 0; i < 10; ++i) {
        const auto outcome = get(server.url("/"));
        BOOST_TEST(outcome.response.body() == "hello");
        wait_for(written, i + 1);
    }
    BOOST_TEST(server.connections() == 10u);
}

BOOST_AUTO_TEST_CASE(tls_connections_are_kept_too)
{
    test_pki pki;
    pki.issue("server", {});
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const raw_server server(keep_answering(), pki.server("server", version, version));
        tls_options tls;
        tls.trust_roots_file = pki.roots_file();
        made.reset();
        client(tls);
        for (int i = 0; i < 5; ++i) BOOST_TEST(get(server.url("/")).response.body() == "hello");
        BOOST_TEST(server.connections() == 1u);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_says_close_gets_a_new_connection_each_time)
{
    const raw_server server(keep_answering("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(get(server.url("/")).response.body() == "hello");
    BOOST_TEST(server.connections() == 3u);
}

BOOST_AUTO_TEST_CASE(a_connection_the_server_has_closed_is_noticed_before_it_is_used)
{
    std::atomic<unsigned> requests{};
    raw_server server([&](raw_peer& peer) {
        if (!peer.read_request().empty()) ++requests;
        peer.write(hello);
    });
    for (int i = 0; i < 3; ++i) {
        // also for a POST, since it was never sent on the dead one
        const auto outcome = get(server.url("/"), "POST");
        BOOST_TEST(!outcome.ec);
        server.wait_until_all_closed();
    }
    BOOST_TEST(server.connections() == 3u);
    BOOST_TEST(requests == 3u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_dies_under_an_idempotent_request_is_replaced_once)
{
    std::atomic<unsigned> requests{};
    const raw_server server([&](raw_peer& peer) {
        if (!peer.read_request().empty()) ++requests;
        peer.write(hello);
        if (!peer.read_request().empty()) ++requests; // the race: read, and hung up
        if (peer.number % 2 == 1) peer.reset();
    });
    for (int i = 0; i < 6; ++i) {
        const auto outcome = get(server.url("/"));
        BOOST_TEST(!outcome.ec);
        BOOST_TEST(outcome.response.body() == "hello");
    }
    // Each connection answers once and dies under its second request, which is then repeated on the next one.
    BOOST_TEST(server.connections() == 6u);
    BOOST_TEST(requests == 11u);
}

BOOST_AUTO_TEST_CASE(a_post_that_was_sent_is_never_sent_again)
{
    std::atomic<unsigned> requests{};
    const raw_server server([&](raw_peer& peer) {
        if (!peer.read_request().empty()) ++requests;
        peer.write(hello);
        if (!peer.read_request().empty()) ++requests;
    });
    BOOST_TEST(!get(server.url("/")).ec);
    const auto outcome = get(server.url("/"), "POST");
    BOOST_TEST(outcome.ec == errc::connection_lost);
    BOOST_TEST(outcome.sent);
    BOOST_TEST(requests == 2u);
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(a_fresh_connection_that_dies_is_not_replaced)
{
    const raw_server server([](raw_peer& peer) { peer.read_request(); });
    const auto outcome = get(server.url("/"));
    BOOST_TEST(outcome.ec == errc::connection_lost);
    BOOST_TEST(outcome.sent);
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(half_an_answer_on_a_kept_connection_is_not_asked_for_again)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        peer.write(hello);
        peer.read_request();
        peer.write("H");
    });
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(get(server.url("/")).ec == errc::connection_lost);
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_not_used_after_its_time)
{
    limits.idle = 500ms;
    const raw_server server(keep_answering());
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(server.connections() == 1u);
    std::this_thread::sleep_for(600ms);
    BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(server.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(the_servers_own_idle_time_is_honoured_a_second_early)
{
    const raw_server server(
        keep_answering("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 5\r\n\r\nhello"));
    for (int i = 0; i < 3; ++i) BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(server.connections() == 3u);
}

BOOST_AUTO_TEST_CASE(origins_do_not_share_connections)
{
    const raw_server one(keep_answering()), two(keep_answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"));
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(get(one.url("/")).response.body() == "hello");
        BOOST_TEST(get(two.url("/")).response.body() == "two");
        BOOST_TEST(get(one.url("/", "localhost")).response.body() == "hello");
    }
    BOOST_TEST(one.connections() == 2u);
    BOOST_TEST(two.connections() == 1u);
}

BOOST_AUTO_TEST_CASE(head_and_304_leave_the_connection_in_step)
{
    const raw_server server([](raw_peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        peer.read_request();
        peer.write("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n");
        peer.read_request();
        peer.write("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
        peer.read_request();
        peer.write(hello);
    });
    BOOST_TEST(get(server.url("/"), "HEAD").response.fields().find("Content-Length") == "5");
    BOOST_TEST(get(server.url("/")).response.status() == 304u);
    BOOST_TEST(get(server.url("/")).response.status() == 204u);
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
    BOOST_TEST(server.connections() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
