// Each phase has its own limit, and a call that passed one says which; what was cancelled says so.
#include "http/http1_client.hpp"
#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using http::http1_client;

namespace {

transport_outcome call(http_limits limits, const std::string& url, const char* method = "GET", std::string body = {})
{
    limits.background_sweep = false; // else it ends only when its connections do
    asio::io_context context;
    http1_client client(context.get_executor(), {}, limits);
    const auto request = http_request(method, url).body(std::move(body));
    const auto start = std::chrono::steady_clock::now();
    auto outcome = run(context, client.send(request));
    BOOST_TEST((std::chrono::steady_clock::now() - start < 3s));
    return outcome;
}

// Accepts nothing, and drops new connections once its queue is full: a connect hangs.
class full_listener {
public:
    full_listener()
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* const address = reinterpret_cast<sockaddr*>(&at);
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        BOOST_REQUIRE(::bind(listener_, address, size) == 0);
        BOOST_REQUIRE(::listen(listener_, 0) == 0);
        BOOST_REQUIRE(::getsockname(listener_, address, &size) == 0);
        port_ = ntohs(at.sin_port);
        for (int i = 0; i < 4; ++i) {
            sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
            (void)::connect(sockets_.back(), address, size);
        }
        std::this_thread::sleep_for(20ms);
    }
    ~full_listener()
    {
        for (const int s : sockets_) ::close(s);
        ::close(listener_);
    }
    std::string url(const char* scheme) const { return scheme + ("://127.0.0.1:" + std::to_string(port_)) + "/"; }

private:
    int listener_;
    std::uint16_t port_{};
    std::vector<int> sockets_;
};

// Starts a call and cancels it after a while.
transport_outcome cancelled(const http_limits& limits, const std::string& url, int calls_before = 0)
{
    asio::io_context context;
    http1_client client(context.get_executor(), {}, limits);
    const http_request request("GET", url);
    for (int i = 0; i < calls_before; ++i) asio::co_spawn(context, client.send(request), [](auto...) {});
    asio::cancellation_signal signal;
    std::optional<transport_outcome> outcome;
    asio::co_spawn(context, client.send(request),
                   asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, transport_outcome o) {
                       BOOST_TEST(!e);
                       outcome = std::move(o);
                       context.stop();
                   }));
    asio::steady_timer timer(context, 250ms);
    timer.async_wait([&](auto) { signal.emit(asio::cancellation_type::terminal); });
    context.run_for(5s);
    BOOST_REQUIRE(outcome.has_value());
    return *outcome;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_connect_that_hangs_ends_at_its_limit)
{
    const full_listener full;
    http_limits limits;
    limits.connect = 100ms;
    for (const auto* scheme : {"http", "https"}) {
        const auto outcome = call(limits, full.url(scheme));
        BOOST_TEST(outcome.ec == errc::connect_timed_out);
        BOOST_TEST(!outcome.sent);
    }
    limits.connect = 10s;
    limits.total = 100ms;
    BOOST_TEST(call(limits, full.url("http")).ec == errc::connect_timed_out);
}

BOOST_AUTO_TEST_CASE(a_handshake_that_hangs_ends_at_its_limit)
{
    const raw_server silent([](raw_peer& peer) { peer.drain(); });
    http_limits limits;
    limits.tls = 100ms;
    const auto outcome = call(limits, "https://127.0.0.1:" + std::to_string(silent.port()) + "/");
    BOOST_TEST(outcome.ec == errc::tls_timed_out);
    BOOST_TEST(!outcome.sent);
}

BOOST_AUTO_TEST_CASE(an_answer_that_does_not_begin_ends_at_its_limit)
{
    const raw_server silent([](raw_peer& peer) { peer.drain(); });
    http_limits limits;
    limits.first_byte = 100ms;
    const auto outcome = call(limits, silent.url("/"));
    BOOST_TEST(outcome.ec == errc::first_byte_timed_out);
    BOOST_TEST(outcome.sent);
}

BOOST_AUTO_TEST_CASE(a_request_the_server_does_not_read_ends_at_its_limit)
{
    const raw_server deaf([](raw_peer& peer) { peer.pause(1s); });
    http_limits limits;
    limits.first_byte = 200ms;
    const auto outcome = call(limits, deaf.url("/"), "PUT", std::string(50'000'000, 'x'));
    BOOST_TEST(outcome.ec == errc::first_byte_timed_out);
    BOOST_TEST(outcome.sent);
}

BOOST_AUTO_TEST_CASE(an_answer_that_stops_ends_at_its_limit)
{
    const raw_server stops([](raw_peer& peer) {
        peer.read_request();
        peer.write(std::string_view(hello).substr(0, hello.size() - 1));
        peer.drain();
    });
    http_limits limits;
    limits.body_idle = 100ms;
    const auto outcome = call(limits, stops.url("/"));
    BOOST_TEST(outcome.ec == errc::body_timed_out);
    BOOST_TEST(outcome.sent);
}

BOOST_AUTO_TEST_CASE(an_answer_without_length_that_stops_is_not_taken_for_whole)
{
    const raw_server stops([](raw_peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\n\r\nhalf");
        peer.drain();
    });
    http_limits limits;
    limits.body_idle = 100ms;
    const auto outcome = call(limits, stops.url("/"));
    BOOST_TEST(outcome.ec == errc::body_timed_out);
    BOOST_TEST(outcome.response.body().empty());
}

BOOST_AUTO_TEST_CASE(a_trickle_ends_at_the_total_limit_and_not_before)
{
    const raw_server trickle([](raw_peer& peer) {
        peer.read_request();
        for (const char c : hello) {
            peer.write({&c, 1});
            peer.pause(10ms);
        }
    });
    http_limits limits;
    limits.first_byte = 2s;
    limits.body_idle = 2s;
    limits.total = 200ms;
    const auto cut = call(limits, trickle.url("/"));
    BOOST_TEST(cut.ec == errc::total_timed_out);
    BOOST_TEST(cut.sent);
    limits.total = 0ms; // off: each piece came in time
    BOOST_TEST(!call(limits, trickle.url("/")).ec);
}

BOOST_AUTO_TEST_CASE(a_cancelled_call_ends_wherever_it_is)
{
    const full_listener full;
    const auto connecting = cancelled({}, full.url("http"));
    BOOST_TEST((connecting.ec == asio::error::operation_aborted));
    BOOST_TEST(!connecting.sent);

    const raw_server silent([](raw_peer& peer) { peer.drain(); });
    const auto reading = cancelled({}, silent.url("/"));
    BOOST_TEST((reading.ec == asio::error::operation_aborted));
    BOOST_TEST(reading.sent);

    const auto shaking_hands = cancelled({}, "https://127.0.0.1:" + std::to_string(silent.port()) + "/");
    BOOST_TEST((shaking_hands.ec == asio::error::operation_aborted));
    BOOST_TEST(!shaking_hands.sent);

    http_limits one;
    one.connections_per_origin = 1;
    const auto waiting = cancelled(one, silent.url("/"), 1);
    BOOST_TEST((waiting.ec == asio::error::operation_aborted));
    BOOST_TEST(!waiting.sent);
}
