// Calls of the HTTP client, and of `authorized` over somebody else's, as their users write them.

#include "support/print_errc.hpp"
#include "support/raw_server.hpp"
#include "support/stage.hpp"

#include <afresh/authorized.hpp>
#include <afresh/http_client.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace own {

// What a program with a client of its own has.
struct request {
    std::string path;
    explicit request(std::string p) : path(std::move(p)) {} // declared: see `authorized`
};
struct response {
    unsigned status{};
    std::string seen; // the Authorization field that was sent
};

afresh::request_target target_of(const request& r) { return {"GET", "https://api.example.com" + r.path}; }
afresh::resource_answer challenge_of(const response& r)
{
    afresh::resource_answer answer;
    answer.status = r.status;
    answer.fields.add("WWW-Authenticate", "Bearer error=\"invalid_token\"");
    return answer;
}

} // namespace own

namespace {

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

// Says what it was asked: the first line, the Authorization field and the body.
void echo(raw_peer& peer)
{
    for (std::string all = peer.read_request(); !all.empty(); all = peer.read_request()) {
        const auto field = all.find("Authorization: ");
        std::string answer = all.substr(0, all.find(" HTTP/"));
        if (field != std::string::npos) answer += " | " + all.substr(field + 15, all.find('\r', field) - field - 15);
        answer += " | " + all.substr(all.find("\r\n\r\n") + 4);
        peer.write("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(answer.size()) + "\r\n\r\n" + answer);
    }
}

struct served : stage {
    served() : stage(system_clocks()) {}
    raw_server api{echo};
    token_source tokens()
    {
        source_options options;
        options.allowed_origins = {api.url(""), "https://api.example.com"};
        return source(std::move(options));
    }
};

struct own_client : stage {
    token_source tokens()
    {
        source_options options;
        options.allowed_origins = {"https://api.example.com"};
        return source(std::move(options));
    }
};

asio::awaitable<own::response> answer_after_a_hop(unsigned status, std::string authorization)
{
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    own::response r;
    r.status = status;
    r.seen = std::move(authorization);
    co_return r;
}

} // namespace

BOOST_AUTO_TEST_SUITE(call_shapes_client)

BOOST_FIXTURE_TEST_CASE(http_client_with_temporaries_and_variables, served)
{
    run([](token_source tokens, std::string base) -> asio::awaitable<void> {
        http_client api(tokens);
        BOOST_TEST((co_await api.get(base + "/a")).body() == "GET /a | Bearer alice-at-1 | ");
        BOOST_TEST((co_await api.post(base + "/b", "text")).body() == "POST /b | Bearer alice-at-1 | text");
        BOOST_TEST((co_await api.post(base + "/c", "{}", "application/json")).status() == 200u);
        const http_response put =
            co_await api.request(http_request("PUT", base + "/d").field("If-Match", "\"1\"").body("new text"));
        BOOST_TEST(put.body() == "PUT /d | Bearer alice-at-1 | new text");
        const http_request named = http_request("DELETE", base + "/e");
        BOOST_TEST((co_await api.request(named)).body() == "DELETE /e | Bearer alice-at-1 | ");
        BOOST_TEST((co_await api.request({"GET", base + "/f"})).body() == "GET /f | Bearer alice-at-1 | ");
        auto other = http_request("GET", base + "/g").field("Authorization", "Basic eDp5");
        BOOST_TEST((co_await api.request(std::move(other))).body() == "GET /g | Basic eDp5 | ");
        const auto later = [](http_client client, std::string url) -> asio::awaitable<std::string> {
            const http_response r = co_await client.get(std::move(url));
            co_return r.body();
        };
        BOOST_TEST(co_await later(api, base + "/h") == "GET /h | Bearer alice-at-1 | ");
    }(tokens(), api.url("")));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(http_client_with_options_copies_and_moves, served)
{
    run([](token_source tokens, std::string base, asio::any_io_executor executor) -> asio::awaitable<void> {
        http_client one(tokens, {.limits = {.total = 20s}});
        http_client two(executor, tokens, {});
        http_client copy = one;
        http_client moved = std::move(copy);
        BOOST_TEST((co_await moved.get(base + "/a")).status() == 200u);
        BOOST_TEST((co_await one.get(base + "/a")).status() == 200u);
        BOOST_TEST((co_await two.get(base + "/a")).status() == 200u);
        BOOST_TEST((co_await http_client(tokens).get(base + "/a")).status() == 200u);
        BOOST_TEST((co_await http_client(executor, tokens).get(base + "/a")).status() == 200u);
        BOOST_TEST(moved.tokens().key() == "default");
        error_code ec;
        try {
            (void)co_await one.get("https://elsewhere.example.com/");
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::origin_not_allowed);
    }(tokens(), api.url(""), context.get_executor()));
}

BOOST_FIXTURE_TEST_CASE(authorized_with_lambdas_that_capture_by_value_and_by_reference, own_client)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        const std::string prefix = "a text that is too long to be kept inside its string object: ";
        authorized call(tokens, [prefix](const own::request& r, const http_fields& authorization) {
            return answer_after_a_hop(200, prefix + r.path + std::string(authorization.find("Authorization")));
        });
        BOOST_TEST((co_await call(own::request("/a"))).seen == prefix + "/aBearer alice-at-1");
        const own::request named("/b");
        BOOST_TEST((co_await call(named)).seen == prefix + "/bBearer alice-at-1");

        std::vector<std::string> sent;
        authorized rejected(tokens, [&](const own::request&, const http_fields& authorization) {
            sent.emplace_back(authorization.find("Authorization"));
            return answer_after_a_hop(sent.size() == 1 ? 401 : 200, sent.back());
        });
        BOOST_TEST((co_await rejected(own::request("/c"))).seen == "Bearer alice-at-2"); // renewed and replayed once
        BOOST_TEST(sent.size() == 2u);

        // A request that does not know its own URL; and a coroutine lambda.
        authorized plain(tokens, [](std::string text, http_fields authorization) -> asio::awaitable<own::response> {
            auto r = co_await answer_after_a_hop(200, std::move(text));
            r.seen += authorization.find("Authorization");
            co_return r;
        });
        const request_target target{"GET", "https://api.example.com/d"};
        BOOST_TEST((co_await plain(std::string("body "), target)).seen == "body Bearer alice-at-2");
        const std::string url = target.url;
        BOOST_TEST((co_await plain(std::string("text "), {"GET", url})).seen == "text Bearer alice-at-2");
        BOOST_TEST((co_await plain(std::string(), request_target("GET", url))).seen == "Bearer alice-at-2");
        BOOST_TEST(plain.tokens().key() == "default");
    }(tokens()));
    BOOST_TEST(server->requests() == 2u);
}

BOOST_FIXTURE_TEST_CASE(authorized_in_a_coroutine_of_a_specific_executor, own_client)
{
    using executor = asio::io_context::executor_type;
    run<executor>([](token_source tokens) -> asio::awaitable<void, executor> {
        authorized call(
            tokens,
            [](const own::request&, const http_fields& authorization) -> asio::awaitable<own::response, executor> {
                own::response r;
                r.status = 200;
                r.seen = authorization.find("Authorization");
                co_return r;
            });
        BOOST_TEST((co_await call(own::request("/a"))).seen == "Bearer alice-at-1");
    }(tokens()));
}

BOOST_FIXTURE_TEST_CASE(an_origin_that_is_not_allowed_is_refused_before_anything_is_sent, own_client)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        bool sent = false;
        authorized call(tokens, [&](const std::string& text, const http_fields&) {
            sent = true;
            return answer_after_a_hop(200, text);
        });
        error_code ec;
        try {
            const request_target target{"GET", "https://elsewhere.example.com/"};
            (void)co_await call(std::string(), target);
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::origin_not_allowed);
        BOOST_TEST(!sent);
    }(tokens()));
    BOOST_TEST(server->requests() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
