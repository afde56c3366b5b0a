// `afresh gateway` beside a program: a real authorization server behind it, and APIs that see what reaches them.

#include "gateway_process.hpp"
#include "support/client_fixture.hpp"
#include "support/raw_server.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_CASE(a_request_gets_the_gateways_token_and_not_the_callers)
{
    authorization_server as({{"AT_TTL", "60"}});
    gateway_process g(robot(as), as.issuer());
    const std::string answer = g.get("/api/whoami", "Authorization: Bearer mine\r\n");
    BOOST_TEST(status_of(answer) == "HTTP/1.1 200 OK", answer);
    BOOST_TEST(answer.find("\"sub\":\"basic\"") != std::string::npos, answer);
    BOOST_TEST(status_of(g.ask("/healthz")) == "HTTP/1.1 200 OK");
    BOOST_TEST(status_of(g.ask("/readyz")) == "HTTP/1.1 200 OK");
    const std::string metrics = g.ask("/metrics");
    BOOST_TEST(metrics.find("afresh_gateway_requests_total{listen=\"127.0.0.1:" + std::to_string(g.port) +
                            "\",target=\"" + as.issuer() + "\",code=\"2xx\"} 1\n") != std::string::npos,
               metrics);
    BOOST_TEST(metrics.find("afresh_token_requests_total{profile=\"robot\"} 1\n") != std::string::npos, metrics);
    BOOST_TEST(metrics.find(token_in(answer).empty() ? "mine" : token_in(answer)) == std::string::npos);
    BOOST_TEST(status_of(g.ask("/nothing")) == "HTTP/1.1 404 Not Found");
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(operators_see_a_page)
{
    auto as = std::make_unique<authorization_server>(
        std::initializer_list<authorization_server::environment::value_type>{{"AT_TTL", "5"}});
    raw_server api(keep_answering());
    gateway_process g(robot(*as), api.url(""));
    for (int i = 0; i < 3; ++i) BOOST_TEST(status_of(g.get("/")) == "HTTP/1.1 200 OK");
    const std::string url = "http://127.0.0.1:" + std::to_string(g.status_port) + "/";
    for (const char* scheme : {"light", "dark"})
        for (const int width : {1000, 380}) {
            const std::string file = std::string("gateway_") + scheme + "_" + std::to_string(width) + ".png";
            const std::string text = authorization_server::look(url, file, scheme, width, 2);
            BOOST_TEST(text.find("error: ") == std::string::npos, text);
            BOOST_TEST(text.find("ready") != std::string::npos, text);
            BOOST_TEST(text.find("robot") != std::string::npos, text);
            BOOST_TEST(text.find("3 requests") != std::string::npos, text);
            BOOST_TEST(std::filesystem::file_size(file) > 5000u);
        }
    // Nothing of a token is on it.
    const std::string picture = body_after(g.ask("/status.json"));
    BOOST_TEST(picture.find("\"state\":") != std::string::npos);
    BOOST_TEST(picture.find("access_token") == std::string::npos);
    as->kill();
    for (int i = 0; i < 200 && g.ask("/status.json").find("\"ready\":false") == std::string::npos; ++i)
        std::this_thread::sleep_for(100ms);
    const std::string text = authorization_server::look(url, "gateway_down.png", "light", 1000, 2);
    BOOST_TEST(text.find("not ready") != std::string::npos, text);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(tokens_are_handed_out_on_a_unix_socket)
{
    authorization_server as({{"AT_TTL", "60"}});
    const temp_directory directory;
    const std::string socket = directory / "tokens";
    gateway_process g(robot(as), as.issuer(), {}, R"("tokens": "unix:)" + socket + R"(",)");
    g.line_with("for=tokens");
    struct ::stat s {};
    BOOST_REQUIRE(::stat(socket.c_str(), &s) == 0);
    BOOST_TEST((s.st_mode & 0777) == 0600u);
    client_fixture f;
    f.options.unix_socket = socket;
    const auto get = [&](const std::string& path) { return f.get("http://localhost" + path).response; };
    const http_response token = get("/token");
    BOOST_TEST(token.status() == 200u);
    BOOST_TEST(token.body().size() > 20u);
    const std::string bare = token.body().substr(0, token.body().size() - 1);
    BOOST_TEST(get("/token?profile=robot&format=json&min_valid=5").body().starts_with("{\"access_token\":\"" + bare));
    const http_response authorization = get("/authorization?profile=robot");
    BOOST_TEST(authorization.status() == 204u);
    BOOST_TEST(authorization.fields().find("Authorization") == "Bearer " + bare);
    BOOST_TEST(get("/token?profile=other").status() == 404u);
    BOOST_TEST(get("/token?min_valid=x").status() == 400u);
    BOOST_TEST(get("/metrics").status() == 400u);
    BOOST_TEST(status_of(g.ask("/token")) == "HTTP/1.1 404 Not Found"); // not where operators look
    BOOST_TEST(g.stop() == 0);
    BOOST_TEST(::stat(socket.c_str(), &s) != 0);
}

BOOST_AUTO_TEST_CASE(a_401_is_recovered_with_the_body)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [&](const std::string&) {
        return seen.size() % 2 == 1
                   ? text_answer("401 Unauthorized", "", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n")
                   : text_answer("200 OK", "done", "X-Own: 1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n");
    }));
    gateway_process g(robot(as), api.url("/v1"));
    const std::string answer = g.post("/orders?a=b", "one order", "X-Kept: yes\r\nExpect: 100-continue\r\n");
    BOOST_TEST(answer.find("HTTP/1.1 100 Continue\r\n") == 0u, answer);
    BOOST_TEST(answer.find("HTTP/1.1 200 OK") != std::string::npos, answer);
    BOOST_TEST(answer.find("X-Own: 1\r\n") != std::string::npos);
    BOOST_TEST(answer.find("X-Hop") == std::string::npos);
    BOOST_REQUIRE(seen.size() == 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        BOOST_TEST(line_of(seen.at(i)) == "POST /v1/orders?a=b HTTP/1.1");
        BOOST_TEST(body_of(seen.at(i)) == "one order");
        BOOST_TEST(seen.at(i).find("X-Kept: yes\r\n") != std::string::npos);
        BOOST_TEST(seen.at(i).find("Via: 1.1 afresh\r\n") != std::string::npos);
    }
    BOOST_TEST(token_in(seen.at(0)) != token_in(seen.at(1)));
    BOOST_TEST(g.stop() == 0);
}

// An API may refuse a request before it has read it all: the other token goes with the whole of it.
BOOST_AUTO_TEST_CASE(a_401_is_recovered_with_a_body_that_still_comes)
{
    authorization_server as({{"AT_TTL", "60"}});
    std::string body;
    for (int i = 0; i < 80'000; ++i) body += std::to_string(i);
    std::ostringstream size;
    size << std::hex << body.size();
    const std::string chunks = size.str() + "\r\n" + body + "\r\n0\r\n\r\n";
    notes seen;
    raw_server api([&](raw_peer& peer) {
        if (peer.number % 2 == 1) {
            seen.add(peer.read_request());
            peer.write(text_answer("200 OK", "done", "Connection: close\r\n"));
            return;
        }
        seen.add(peer.read_head());
        peer.read_bytes(100'000);
        peer.write(text_answer("401 Unauthorized", "",
                               "WWW-Authenticate: Bearer error=\"invalid_token\"\r\nConnection: close\r\n"));
        peer.drain();
    });
    gateway_process g(robot(as), api.url(""));
    BOOST_TEST(status_of(g.post("/", body)) == "HTTP/1.1 200 OK");
    BOOST_REQUIRE(seen.size() == 2u);
    BOOST_TEST((body_of(seen.at(1)) == body));
    // Nor does one that does not say how long it is wait for leave.
    const std::string answer = loopback_exchange(
        g.port, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
    BOOST_TEST(status_of(answer) == "HTTP/1.1 200 OK");
    BOOST_REQUIRE(seen.size() == 4u);
    BOOST_TEST(seen.at(2).find("Expect") == std::string::npos, seen.at(2));
    BOOST_TEST((unchunked(body_of(seen.at(3))) == body));
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(without_a_token_nothing_is_sent_and_the_caller_is_told)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return hello; }));
    const temp_directory directory;
    const std::string secret = directory / "secret";
    std::ofstream(secret) << "wrong";
    gateway_process g(machine_profile(as.issuer(), secret), api.url(""));
    const std::string answer = g.get("/");
    BOOST_TEST(status_of(answer) == "HTTP/1.1 502 Bad Gateway", answer);
    BOOST_TEST(answer.find("Content-Type: application/problem+json\r\n") != std::string::npos);
    BOOST_TEST(body_after(answer).find("\"status\":502") != std::string::npos, answer);
    BOOST_TEST(status_of(g.ask("/readyz")) == "HTTP/1.1 503 Service Unavailable");
    BOOST_TEST(status_of(g.ask("/healthz")) == "HTTP/1.1 200 OK");
    BOOST_TEST(seen.size() == 0u);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(while_a_token_is_usable_no_request_fails)
{
    auto as = std::make_unique<authorization_server>(
        std::initializer_list<authorization_server::environment::value_type>{{"AT_TTL", "4"}});
    raw_server api(keep_answering());
    gateway_process g(robot(*as), api.url(""));
    BOOST_TEST(status_of(g.get("/")) == "HTTP/1.1 200 OK");
    as->kill();
    BOOST_TEST(status_of(g.get("/")) == "HTTP/1.1 200 OK");
    std::string last;
    for (const auto until = std::chrono::steady_clock::now() + 20s; std::chrono::steady_clock::now() < until;) {
        last = g.get("/");
        if (status_of(last) != "HTTP/1.1 200 OK") break;
        std::this_thread::sleep_for(100ms);
    }
    BOOST_TEST(status_of(last) == "HTTP/1.1 503 Service Unavailable", last);
    BOOST_TEST(last.find("Retry-After: 1\r\n") != std::string::npos);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(large_bodies_stream_both_ways)
{
    authorization_server as({{"AT_TTL", "60"}});
    const std::string large(3'000'000, 'x');
    std::string got;
    raw_server api([&](raw_peer& peer) {
        for (std::string request = peer.read_request(); !request.empty(); request = peer.read_request()) {
            got = body_of(request);
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 30; ++i) peer.write("186a0\r\n" + std::string(100'000, 'y') + "\r\n");
            peer.write("0\r\n\r\n");
        }
    });
    gateway_process g(robot(as), api.url(""), R"(, "body_limit": 1000)");
    client_fixture f;
    const auto outcome = f.send(http_request("POST", "http://127.0.0.1:" + std::to_string(g.port) + "/").body(large));
    BOOST_TEST(!outcome.ec, outcome.detail);
    BOOST_TEST(outcome.response.status() == 200u);
    BOOST_TEST(outcome.response.body() == std::string(3'000'000, 'y'));
    BOOST_TEST(got == large);
    BOOST_TEST(g.stop() == 0);
}

// Longer than `http_limits::total`, which is a client's. More than a minute: `ctest -R long.slow_upload`.
BOOST_AUTO_TEST_CASE(a_slow_upload_is_waited_for, *boost::unit_test::disabled())
{
    authorization_server as({{"AT_TTL", "120"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string& r) { return text_answer("200 OK", body_of(r)); }));
    gateway_process g(robot(as), api.url(""));
    asio::io_context context;
    asio::ip::tcp::socket caller(context);
    caller.connect({asio::ip::make_address("127.0.0.1"), g.port});
    const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n";
    asio::write(caller, asio::buffer(head));
    for (int i = 0; i < 70; ++i, std::this_thread::sleep_for(1s))
        asio::write(caller, asio::buffer(std::string(1'000, 'x')));
    std::string answer;
    boost::system::error_code ec;
    asio::read(caller, asio::dynamic_buffer(answer), ec);
    BOOST_TEST(status_of(answer) == "HTTP/1.1 200 OK");
    BOOST_TEST((body_after(answer) == std::string(70'000, 'x')));
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(an_answer_that_breaks_off_is_not_passed_on_as_a_whole)
{
    authorization_server as({{"AT_TTL", "60"}});
    raw_server api([](raw_peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    });
    gateway_process g(robot(as), api.url(""));
    const std::string answer = g.get("/");
    BOOST_TEST(status_of(answer) == "HTTP/1.1 200 OK");
    BOOST_TEST(!answer.ends_with("0\r\n\r\n"), answer);
    BOOST_TEST(answer.find("hello") != std::string::npos);
    client_fixture f;
    BOOST_TEST(f.get("http://127.0.0.1:" + std::to_string(g.port) + "/").ec == errc::connection_lost);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(an_api_that_says_nothing_is_left_after_a_while)
{
    authorization_server as({{"AT_TTL", "60"}});
    raw_server api([](raw_peer& peer) {
        if (line_of(peer.read_head()) == "GET /begins HTTP/1.1")
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
        peer.drain();
    });
    gateway_process g(robot(as), api.url(""), R"(, "timeout": 1)");
    BOOST_TEST(status_of(g.get("/")) == "HTTP/1.1 504 Gateway Timeout");
    const std::string begun = g.get("/begins");
    BOOST_TEST(status_of(begun) == "HTTP/1.1 200 OK");
    BOOST_TEST(body_after(begun) == "hello"); // of ten bytes, and then the connection ended
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(pieces_arrive_as_they_come)
{
    authorization_server as({{"AT_TTL", "60"}});
    std::atomic<bool> arrived{};
    raw_server api([&](raw_peer& peer) {
        peer.read_request();
        peer.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n");
        for (int i = 0; i < 500 && !arrived; ++i) peer.pause(10ms);
        peer.write(arrived ? "data: 2\n\n" : "data: late\n\n");
    });
    gateway_process g(robot(as), api.url(""));
    asio::io_context context;
    http_client_options options;
    options.limits = without_sweep();
    const http_client client(context.get_executor(), options);
    const std::string url = "http://127.0.0.1:" + std::to_string(g.port) + "/";
    const std::string rest =
        run(context, [](http_client c, std::string u, std::atomic<bool>& a) -> asio::awaitable<std::string> {
            http_stream stream = co_await c.open(http_request("GET", u));
            std::string all = co_await stream.read();
            a = true;
            all += co_await stream.read_all();
            co_return all;
        }(client, url, arrived));
    BOOST_TEST(rest == "data: 1\n\ndata: 2\n\n");
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(one_connection_serves_many_requests)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string& r) { return text_answer("200 OK", body_of(r)); }));
    gateway_process g(robot(as), api.url(""));
    const std::string many = "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none"
                             "HEAD /2 HTTP/1.1\r\nHost: x\r\n\r\n"
                             "POST /3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n"
                             "GET /4 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const std::string answers = loopback_exchange(g.port, many);
    BOOST_REQUIRE_MESSAGE(seen.size() == 4u, answers);
    BOOST_TEST(body_of(seen.at(0)) == "one");
    BOOST_TEST(line_of(seen.at(1)) == "HEAD /2 HTTP/1.1");
    BOOST_TEST(seen.at(2).find("three") != std::string::npos);
    BOOST_TEST(line_of(seen.at(3)) == "GET /4 HTTP/1.1");
    BOOST_TEST(answers.find("\r\n\r\none") != std::string::npos, answers);
    BOOST_TEST(answers.ends_with("Connection: close\r\n\r\n"), answers);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_caller_that_never_stops_is_left_in_the_end)
{
    authorization_server as({{"AT_TTL", "60"}});
    raw_server api(keep_answering());
    gateway_process g(robot(as), api.url(""));
    asio::io_context context;
    asio::ip::tcp::socket caller(context);
    caller.connect({asio::ip::make_address("127.0.0.1"), g.port});
    const std::string head =
        "POST / HTTP/1.1\r\nHost: x\r\nOrigin: https://evil.example\r\nContent-Length: 9000000\r\n\r\n";
    asio::write(caller, asio::buffer(head));
    std::string answer;
    boost::system::error_code ec;
    asio::read(caller, asio::dynamic_buffer(answer), ec);
    BOOST_TEST((ec == asio::error::eof));
    BOOST_TEST(status_of(answer) == "HTTP/1.1 403 Forbidden");
    const auto begin = std::chrono::steady_clock::now();
    for (ec = {}; !ec; std::this_thread::sleep_for(50ms)) asio::write(caller, asio::buffer("x", 1), ec);
    BOOST_TEST((std::chrono::steady_clock::now() - begin > 5s));
    BOOST_TEST(g.stop() == 0);
}

// What an API does not want of a body is thrown away, if it is short and comes at all.
BOOST_AUTO_TEST_CASE(a_connection_goes_on_after_an_early_answer)
{
    authorization_server as({{"AT_TTL", "60"}});
    raw_server api([](raw_peer& peer) {
        if (peer.read_head().starts_with("POST"))
            peer.write(text_answer("413 Content Too Large", "no"));
        else
            peer.write(text_answer("200 OK", "done", "Connection: close\r\n"));
        peer.drain();
    });
    gateway_process g(robot(as), api.url(""));
    const std::string get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const std::string post = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ";
    const auto body = [](std::size_t size) { return std::to_string(size) + "\r\n\r\n" + std::string(size, 'x'); };
    const std::string both = loopback_exchange(g.port, post + body(300'000) + get);
    BOOST_TEST(both.starts_with("HTTP/1.1 413 "), both);
    BOOST_TEST(both.find("HTTP/1.1 200 OK") != std::string::npos, both);
    const std::string large = loopback_exchange(g.port, post + body(9'000'000) + get);
    BOOST_TEST(large.starts_with("HTTP/1.1 413 "), large);
    BOOST_TEST(large.find("Connection: close\r\n") != std::string::npos, large);
    // Nobody knows whether a body comes that was not asked for.
    const std::string unasked =
        loopback_exchange(g.port, post + "3\r\nExpect: 100-continue\r\nOrigin: https://evil.example\r\n\r\n");
    BOOST_TEST(unasked.starts_with("HTTP/1.1 403 "), unasked);
    BOOST_TEST(unasked.find("Connection: close\r\n") != std::string::npos, unasked);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_page_that_somebody_looks_at_cannot_use_the_token)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return text_answer("200 OK", "good"); }));
    gateway_process g(robot(as), api.url(""));
    const std::string post = "POST /orders HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n";
    const std::string evil = loopback_exchange(g.port, post + "Origin: https://evil.example\r\n\r\n");
    BOOST_TEST(evil.starts_with("HTTP/1.1 403 "), evil);
    BOOST_TEST(evil.find("web_origins") != std::string::npos, evil);
    BOOST_TEST(loopback_exchange(g.port, post + "Sec-Fetch-Site: cross-site\r\n\r\n").starts_with("HTTP/1.1 403 "));
    BOOST_TEST(seen.size() == 0u);
    BOOST_TEST(loopback_exchange(g.port, post + "\r\n").starts_with("HTTP/1.1 200 "));
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(a_page_whose_name_points_to_this_machine_cannot_use_the_token)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return text_answer("200 OK", "good"); }));
    gateway_process g(robot(as), api.url(""), {}, R"("hosts": ["api.example.com"], )");
    const auto asked_as = [](unsigned short port, const std::string& host) {
        return loopback_exchange(port, "GET / HTTP/1.1\r\nConnection: close\r\nHost: " + host + "\r\n\r\n");
    };
    const std::string evil = asked_as(g.port, "rebound.example:" + std::to_string(g.port));
    BOOST_TEST(status_of(evil) == "HTTP/1.1 421 Misdirected Request");
    BOOST_TEST(evil.find("hosts") != std::string::npos, evil);
    BOOST_TEST(status_of(asked_as(g.status_port, "rebound.example")) == "HTTP/1.1 421 Misdirected Request");
    BOOST_TEST(seen.size() == 0u);
    BOOST_TEST(status_of(asked_as(g.port, "api.example.com")) == "HTTP/1.1 200 OK");
    BOOST_TEST(status_of(asked_as(g.port, "localhost")) == "HTTP/1.1 200 OK");
    BOOST_TEST(status_of(asked_as(g.status_port, "localhost")) == "HTTP/1.1 200 OK");
    BOOST_TEST(g.stop() == 0);
}

// RFC 9112 9.6: a connection that is reset takes the answer with it.
BOOST_AUTO_TEST_CASE(a_caller_that_still_sends_gets_its_answer)
{
    authorization_server as({{"AT_TTL", "60"}});
    raw_server api([](raw_peer& peer) { // needs no more than the header
        peer.read_head();
        peer.write(text_answer("413 Content Too Large", "no"));
    });
    gateway_process g(robot(as), api.url(""));
    const std::string large(8'000'000, 'x');
    BOOST_TEST(status_of(g.post("/", large, "Origin: https://evil.example\r\n")) == "HTTP/1.1 403 Forbidden");
    BOOST_TEST(status_of(g.post("/", large, "Host: another\r\n")) == "HTTP/1.1 400 Bad Request");
    BOOST_TEST(g.post("/", large).starts_with("HTTP/1.1 413 "));
    BOOST_TEST(g.stop() == 0);
}

// RFC 9112 11.2: request smuggling.
BOOST_AUTO_TEST_CASE(a_request_that_can_be_understood_in_two_ways_is_refused)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return text_answer("200 OK", "good"); }));
    gateway_process g(robot(as), api.url(""));
    const std::string hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n";
    for (const char* const fields :
         {"Host: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n",
          "Host: x\r\nTransfer-Encoding: xchunked\r\n", "Host: x\r\nTransfer-Encoding: identity\r\n",
          "Host: x\r\nTransfer-Encoding: chunked, gzip\r\n", "Host: x\r\nTransfer-Encoding: gzip, chunked\r\n",
          "Host: x\r\nTransfer-Encoding:\r\n", "Host: x\r\nTransfer-Encoding: x\r\nContent-Length: 0\r\n",
          "Host: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n", "Host: x\r\nContent-Length: 0, 0\r\n",
          "Host: x\r\nContent-Length: +0\r\n", "Host: x\r\nTransfer-Encoding : chunked\r\n", "Host: x\r\nHost: y\r\n",
          "X-Host: x\r\n"}) {
        const std::string answers =
            loopback_exchange(g.port, std::string("POST / HTTP/1.1\r\n") + fields + "\r\n" + hidden);
        BOOST_TEST(answers.starts_with("HTTP/1.1 400 "), fields << answers);
        BOOST_TEST(answers.rfind("HTTP/1.1 ") == 0u, fields << answers);
    }
    const std::string old = "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    BOOST_TEST(loopback_exchange(g.port, old).starts_with("HTTP/1.1 400 "));
    BOOST_TEST(seen.size() == 0u);
    const std::string plain = "GET / HTTP/1.0\r\n\r\n";
    BOOST_TEST(loopback_exchange(g.port, plain).starts_with("HTTP/1.1 200 "));
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(another_protocol_passes_through_with_a_token)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api([&](raw_peer& peer) {
        const std::string request = peer.read_head();
        seen.add(request);
        if (request.starts_with("GET /v1/refused ")) return peer.write(text_answer("403 Forbidden", "no"));
        if (seen.size() == 1)
            return peer.write(
                text_answer("401 Unauthorized", "", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n"));
        peer.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: x\r\n\r\nwelcome");
        peer.write(peer.read_bytes(5)); // and ends
    });
    gateway_process g(robot(as), api.url("/v1"));
    const std::string wish = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n";
    const std::string answer = loopback_exchange(
        g.port, "GET /chat?a=b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer mine\r\n" + wish + "\r\nhello");
    BOOST_TEST(status_of(answer) == "HTTP/1.1 101 Switching Protocols", answer);
    BOOST_TEST(answer.find("Upgrade: websocket\r\n") != std::string::npos, answer);
    BOOST_TEST(answer.find("Sec-WebSocket-Accept: x\r\n") != std::string::npos, answer);
    BOOST_TEST(answer.ends_with("\r\n\r\nwelcomehello"), answer);
    BOOST_REQUIRE(seen.size() == 2u);
    BOOST_TEST(line_of(seen.at(1)) == "GET /v1/chat?a=b HTTP/1.1");
    BOOST_TEST(seen.at(1).find("Sec-WebSocket-Key: k\r\n") != std::string::npos);
    BOOST_TEST(!token_in(seen.at(0)).empty());
    BOOST_TEST(token_in(seen.at(0)) != token_in(seen.at(1)));
    BOOST_TEST(token_in(seen.at(1)) != "mine");
    const std::string refused =
        loopback_exchange(g.port, "GET /refused HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + wish + "\r\n");
    BOOST_TEST(status_of(refused) == "HTTP/1.1 403 Forbidden", refused);
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_no_request_for_the_api_is_refused)
{
    authorization_server as({{"AT_TTL", "60"}});
    notes seen;
    raw_server api(answering(seen, [](const std::string&) { return hello; }));
    gateway_process g(robot(as), api.url(""));
    const auto send = [&](const std::string& text) { return status_of(loopback_exchange(g.port, text)); };
    BOOST_TEST(send("GET http://other.example.com/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") ==
               "HTTP/1.1 400 Bad Request");
    BOOST_TEST(send("OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "HTTP/1.1 400 Bad Request");
    BOOST_TEST(send("CONNECT /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "HTTP/1.1 501 Not Implemented");
    BOOST_TEST(send("what?\r\n\r\n") == "HTTP/1.1 400 Bad Request");
    BOOST_TEST(send("GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n") ==
               "HTTP/1.1 431 Request Header Fields Too Large");
    BOOST_TEST(seen.size() == 0u);
    BOOST_TEST(send("GET / HTTP/1.0\r\n\r\n") == "HTTP/1.1 200 OK");
    BOOST_TEST(send("HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == "HTTP/1.1 200 OK");
    BOOST_TEST(g.stop() == 0);
}

BOOST_AUTO_TEST_CASE(who_can_reach_it_is_said_at_the_start)
{
    home h;
    const std::string profile = machine_profile("https://as.example.com", h.write("secret", "s"));
    const auto started_with = [&](const std::string& gateway) {
        h.configure(profile, ", \"gateway\": " + gateway);
        return h.run("gateway");
    };
    const ended open = started_with(R"({"routes": [{"listen": "0.0.0.0:0", "target": "https://api.example.com"}]})");
    BOOST_TEST(open.code == 78);
    BOOST_TEST(open.err.find("unsafe_listen") != std::string::npos, open.err);
    BOOST_TEST(started_with(R"({"routes": []})").code == 78);
    const ended twice = started_with(
        R"({"status": "127.0.0.1:1", "routes": [{"listen": "127.0.0.1:1", "target": "https://api.example.com"}]})");
    BOOST_TEST(twice.err.find("127.0.0.1:1 is listened on for two purposes") != std::string::npos, twice.err);
    BOOST_TEST(started_with(R"({"routes": [{"listen": "127.0.0.1:0", "target": "api.example.com"}]})")
                   .err.find("config.json:1: gateway.routes[0]: has no target") != std::string::npos);
    BOOST_TEST(started_with(R"({"routes": [{"listen": "127.0.0.1:0", "target": "https://x", "profile": "y"}]})")
                   .err.find("profile is none of") != std::string::npos);
}
