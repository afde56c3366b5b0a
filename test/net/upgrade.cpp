// Another protocol over the same connection (RFC 9110 7.8): how it is asked for, and what becomes of each answer.
#include "support/client_fixture.hpp"
#include "support/stage.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n";

http_request asking(const std::string& url) { return http_request("GET", url).field("Upgrade", "echo/1"); }

struct fixture {
    fixture() { options.limits = without_sweep(); }

    void with_tokens_for(const raw_server& server)
    {
        source_options own;
        own.allowed_origins = {server.url("").substr(0, server.url("").find('/', 8))};
        made.emplace(real.source(std::move(own)), options);
    }
    http_client& api()
    {
        if (!made) made.emplace(real.context.get_executor(), options);
        return *made;
    }
    // Null: `ec` says why.
    std::optional<http_upgrade> upgrade(http_request r)
    {
        std::optional<http_upgrade> got;
        real.run([](http_client& c, http_request q, std::optional<http_upgrade>& out,
                    error_code& why) -> asio::awaitable<void> {
            try {
                out = co_await c.upgrade(std::move(q));
            } catch (const boost::system::system_error& e) {
                why = e.code();
            }
        }(api(), std::move(r), got, ec));
        return got;
    }
    error_code refused(const raw_server::script& script)
    {
        const raw_server server(script);
        BOOST_TEST(!upgrade(asking(server.url("/"))));
        return ec;
    }

    stage real{system_clocks()};
    http_client_options options;
    std::optional<http_client> made;
    notes seen;
    error_code ec;
};

asio::awaitable<std::string> talk(raw_stream stream, std::string first, std::string text)
{
    co_await asio::async_write(stream, asio::buffer(text), asio::use_awaitable);
    std::string back(text.size() - first.size(), '\0');
    co_await asio::async_read(stream, asio::buffer(back), asio::use_awaitable);
    co_return first + back;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(upgrade, fixture)

BOOST_AUTO_TEST_CASE(the_connection_speaks_another_protocol)
{
    const raw_server server([&](raw_peer& peer) {
        seen.add(peer.read_head());
        peer.write(switching + "hel"); // the other protocol begins in the same breath
        peer.read_bytes(5);
        peer.write("lo");
    });
    auto made = upgrade(asking(server.url("/a?b")).field("X-Own", "1"));
    BOOST_REQUIRE(made);
    BOOST_REQUIRE(made->stream);
    BOOST_TEST(made->answer.status() == 101u);
    BOOST_TEST(made->read_already == "hel");
    std::string back;
    real.run([](raw_stream s, std::string first, std::string& out) -> asio::awaitable<void> {
        out = co_await talk(std::move(s), std::move(first), "hello");
    }(*made->stream, made->read_already, back));
    BOOST_TEST(back == "hello");
    BOOST_TEST(line_of(seen.at(0)) == "GET /a?b HTTP/1.1");
    BOOST_TEST(seen.at(0).find("\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n") != std::string::npos);
    BOOST_TEST(seen.at(0).find("\r\nX-Own: 1\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_token_goes_with_it_and_once_more_after_a_401)
{
    const raw_server server([&](raw_peer& peer) {
        seen.add(peer.read_head());
        if (peer.number == 0)
            peer.write(text_answer("401 Unauthorized", "no", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"));
        else
            peer.write(switching);
    });
    with_tokens_for(server);
    const auto made = upgrade(asking(server.url("/")));
    BOOST_REQUIRE(made);
    BOOST_TEST(made->stream.has_value());
    BOOST_REQUIRE(seen.size() == 2u);
    const auto token = [&](std::size_t i) {
        const auto at = seen.at(i).find("Authorization: Bearer ");
        return at == std::string::npos ? std::string() : seen.at(i).substr(at, seen.at(i).find('\r', at) - at);
    };
    BOOST_TEST(!token(0).empty());
    BOOST_TEST(!token(1).empty());
    BOOST_TEST(token(0) != token(1));
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_switch_has_its_say)
{
    for (const std::string status : {"200 OK", "403 Forbidden", "426 Upgrade Required", "503 Service Unavailable"}) {
        const raw_server server([&](raw_peer& peer) {
            peer.read_head();
            peer.write(text_answer(status, "because", "X-Why: so\r\n"));
        });
        const auto made = upgrade(asking(server.url("/")));
        BOOST_REQUIRE(made);
        BOOST_TEST(!made->stream);
        BOOST_TEST(std::to_string(made->answer.status()) == status.substr(0, 3));
        BOOST_TEST(made->answer.body() == "because");
        BOOST_TEST(made->answer.fields().find("X-Why") == "so");
    }
}

BOOST_AUTO_TEST_CASE(what_goes_wrong_has_a_name)
{
    BOOST_TEST(refused([](raw_peer& peer) { peer.read_head(); }) == errc::connection_lost);
    BOOST_TEST(refused([](raw_peer& peer) {
                   peer.read_head();
                   peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nless");
               }) == errc::connection_lost);
    BOOST_TEST(refused([](raw_peer& peer) {
                   peer.read_head();
                   peer.write("what?\r\n\r\n");
               }) == errc::malformed_http);
    BOOST_TEST(refused([](raw_peer& peer) {
                   peer.read_head();
                   peer.write("HTTP/1.1 101 S\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n");
               }) == errc::header_limit);
    options.limits.body = 10;
    made.reset();
    BOOST_TEST(refused([](raw_peer& peer) {
                   peer.read_head();
                   peer.write(text_answer("200 OK", std::string(11, 'x')));
               }) == errc::body_limit);
    options.limits.first_byte = 50ms;
    made.reset();
    BOOST_TEST(refused([](raw_peer& peer) { peer.drain(); }) == errc::first_byte_timed_out);
    options.limits.first_byte = 5s;
    options.limits.total = 50ms;
    made.reset();
    BOOST_TEST(refused([](raw_peer& peer) { peer.drain(); }) == errc::total_timed_out);
}

BOOST_AUTO_TEST_CASE(a_request_that_is_no_upgrade_is_not_sent)
{
    const raw_server server([&](raw_peer& peer) { seen.add(peer.read_head()); });
    const http_request bad[] = {
        http_request("GET", server.url("/")),
        asking(server.url("/")).body("x"),
        asking(server.url("/")).field("Content-Length", "0"),
        asking(server.url("/")).field("Connection", "keep-alive"),
        http_request("GET", server.url("/")).field("Upgrade", "a\r\nb: c"),
        asking("nowhere"),
    };
    for (const http_request& r : bad) {
        ec = {};
        BOOST_TEST(!upgrade(r));
        BOOST_TEST(ec == errc::invalid_argument);
    }
    BOOST_TEST(seen.size() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
