// After a 401: one renewal and one replay of the whole request, over our client and over Beast (FAULTS A34, A35).

#include "support/print_errc.hpp"
#include "support/scripted_api.hpp"
#include "support/stage.hpp"

#include <afresh/beast.hpp>
#include <afresh/http_client.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/test/unit_test.hpp>

#include <mutex>
#include <string>
#include <vector>

namespace {

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
namespace http = boost::beast::http;
using asio::ip::tcp;

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
const std::string unauthorized = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                                 "Content-Length: 4\r\n\r\nsoon";

struct real_time : stage {
    real_time() : stage(system_clocks()) { policy = {}; }
    token_source tokens_for(std::vector<std::string> origins)
    {
        source_options options;
        options.allowed_origins = std::move(origins);
        return source(std::move(options));
    }
    http_response send(const token_source& tokens, const http_request& request, const http_limits& limits = {})
    {
        http_response answer;
        run([](http_client api, http_request r, http_response& out) -> asio::awaitable<void> {
            out = co_await api.request(r);
        }(http_client(tokens, {.limits = limits}), request, answer));
        return answer;
    }
    unsigned status_of(const token_source& tokens, const std::string& url)
    {
        return send(tokens, http_request("GET", url)).status();
    }
};

bool carries(const std::string& request, const std::string& token)
{
    return request.find("\r\nAuthorization: Bearer " + token + "\r\n") != std::string::npos;
}

std::string without_token(std::string request)
{
    const auto token = request.find("Bearer ");
    return request.erase(token, request.find('\r', token) - token);
}

// One request of Beast's over a connection of its own.
asio::awaitable<http::response<http::string_body>> send_with_beast(std::uint16_t port,
                                                                   http::request<http::string_body> request)
{
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint to(asio::ip::address_v4::loopback(), port);
    co_await socket.async_connect(to, asio::use_awaitable);
    co_await http::async_write(socket, request, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> answer;
    co_await http::async_read(socket, buffer, answer, asio::use_awaitable);
    co_return answer;
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(replay, real_time)

BOOST_AUTO_TEST_CASE(a_second_401_goes_to_the_caller_after_two_sends)
{
    scripted_api api({unauthorized});
    const auto tokens = tokens_for({api.url("")});
    const auto answer = send(tokens, http_request("POST", api.url("/orders")).body("one order"));
    BOOST_TEST(answer.status() == 401u);
    BOOST_TEST(answer.body() == "soon");
    BOOST_REQUIRE(api.requests().size() == 2u);
    BOOST_TEST(carries(api.requests()[0], "alice-at-1"));
    BOOST_TEST(carries(api.requests()[1], "alice-at-2"));
    BOOST_TEST(server->requests() == 2u);
}

BOOST_AUTO_TEST_CASE(a_body_is_replayed_whole)
{
    for (const std::size_t size : {std::size_t{0}, std::size_t{20}, std::size_t{300'000}}) { // also of several writes
        scripted_api api({unauthorized, ok});
        const auto tokens = tokens_for({api.url("")});
        std::string body;
        for (std::size_t i = 0; i < size; ++i) body += static_cast<char>('a' + i % 23);
        const auto request = http_request("POST", api.url("/orders?a=b")).field("X-Order", "7").body(body);
        const auto answer = send(tokens, request);
        BOOST_TEST(answer.status() == 200u);
        BOOST_TEST(answer.body() == "fine");
        const auto sent = api.requests();
        BOOST_REQUIRE(sent.size() == 2u);
        BOOST_TEST(sent[0].ends_with("\r\n\r\n" + body));
        BOOST_TEST((sent[0] != sent[1]));
        BOOST_TEST((without_token(sent[0]) == without_token(sent[1]))); // to the letter
    }
}

BOOST_AUTO_TEST_CASE(beasts_answers_are_read_with_all_their_challenges)
{
    // The challenge that a new token may cure is in the second field: who reads only the first does not renew.
    scripted_api api({"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x, Bearer error=\"\r\n"
                      "www-authenticate: Negotiate, Bearer realm=\"y\", error=\"invalid_token\"\r\n"
                      "Content-Length: 0\r\n\r\n",
                      ok});
    // Only foreign schemes: nothing that a token would help with.
    scripted_api foreign({"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                          "WWW-Authenticate: Negotiate\r\nContent-Length: 0\r\n\r\n"});
    const auto tokens = tokens_for({api.url(""), foreign.url("")});
    run([](token_source source, scripted_api& cured, scripted_api& not_cured) -> asio::awaitable<void> {
        std::uint16_t port{};
        authorized call(source, [&port](const http::request<http::string_body>& r, const http_fields& authorization) {
            auto with_token = r;
            set_fields(with_token, authorization);
            return send_with_beast(port, std::move(with_token));
        });
        http::request<http::string_body> request(http::verb::post, "/orders", 11, "one order");
        request.set(http::field::host, "127.0.0.1");
        request.prepare_payload();
        port = cured.port();
        const request_target good{"POST", cured.url("/orders")};
        const auto answer = co_await call(request, good);
        BOOST_TEST(answer.result_int() == 200u);
        BOOST_TEST(answer.body() == "fine");
        port = not_cured.port();
        const request_target bad{"POST", not_cured.url("/orders")};
        const auto refused = co_await call(request, bad);
        BOOST_TEST(refused.result_int() == 401u);
    }(tokens, api, foreign));
    BOOST_REQUIRE(api.requests().size() == 2u);
    BOOST_TEST(carries(api.requests()[0], "alice-at-1"));
    BOOST_TEST(carries(api.requests()[1], "alice-at-2"));
    BOOST_TEST(api.requests()[1].ends_with("\r\n\r\none order"));
    BOOST_TEST(foreign.requests().size() == 1u);
    BOOST_TEST(server->requests() == 2u);
}

BOOST_AUTO_TEST_CASE(one_apis_endless_401_leaves_another_api_its_renewals)
{
    scripted_api always({unauthorized});
    scripted_api healthy({ok, unauthorized, ok});
    const auto tokens = tokens_for({always.url(""), healthy.url("")});
    BOOST_TEST(status_of(tokens, healthy.url("/")) == 200u);
    for (int i = 0; i < 10; ++i) BOOST_TEST(status_of(tokens, always.url("/")) == 401u);
    BOOST_TEST(server->requests() == 1u + 3u);   // the bucket held three
    BOOST_TEST(always.requests().size() == 13u); // who gets no new token does not replay
    BOOST_TEST(status_of(tokens, healthy.url("/")) == 200u);
    BOOST_TEST(healthy.requests().size() == 3u);
    BOOST_TEST(server->requests() == 5u); // the revocation was recovered from at once
}

BOOST_AUTO_TEST_CASE(the_total_limit_is_of_the_call_but_not_of_waiting_for_tokens)
{
    http_limits limits;
    limits.total = 1s;
    server->plan([](unsigned) { return request_fate{.time = 1500ms}; });
    scripted_api slow({unauthorized, ok}, 200ms);
    scripted_api slower({ok}, 1500ms);
    const auto tokens = tokens_for({slow.url(""), slower.url("")});
    const auto start = std::chrono::steady_clock::now();
    BOOST_TEST(send(tokens, http_request("GET", slow.url("/")), limits).status() == 200u);
    BOOST_TEST((std::chrono::steady_clock::now() - start > 3s)); // two tokens and two sendings
    BOOST_TEST(code_of([&] { send(tokens, http_request("GET", slower.url("/")), limits); }) == errc::total_timed_out);
}

BOOST_AUTO_TEST_SUITE_END()
