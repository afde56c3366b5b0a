// What a client tells of itself: counters, activity, the wire log, and Prometheus' text of it.
#include "http/metrics_recorder.hpp"
#include "support/client_fixture.hpp"
#include "support/stage.hpp"

#include <afresh/http_client.hpp>

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using kind = http_activity::kind;

namespace {

struct fixture : client_fixture {
    fixture()
    {
        options.on_activity = [this](const http_activity& a) { told.push_back(a); };
    }
    http_origin_metrics of(const std::string& origin)
    {
        for (const auto& o : client().metrics().origins)
            if (o.origin == origin) return o;
        return {};
    }
    static std::string origin_of(const raw_server& s)
    {
        const std::string url = s.url("/");
        return url.substr(0, url.size() - 1);
    }
    std::vector<kind> kinds() const
    {
        std::vector<kind> all;
        for (const auto& a : told) all.push_back(a.what);
        return all;
    }

    std::vector<http_activity> told;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(seeing, fixture)

BOOST_AUTO_TEST_CASE(requests_are_counted_by_method_and_status)
{
    notes seen;
    const raw_server server(answering(seen, [](const std::string& request) {
        return request.find(" /none ") == std::string::npos ? hello : text_answer("404 Not Found", "");
    }));
    for (int i = 0; i < 3; ++i) BOOST_TEST(!get(server.url("/")).ec);
    BOOST_TEST(!get(server.url("/none")).ec);
    BOOST_TEST(!send(http_request("POST", server.url("/")).body("x")).ec);
    BOOST_TEST(!send(http_request("PROPFIND", server.url("/"))).ec);
    const auto o = of(origin_of(server));
    BOOST_TEST(o.opened == 1u);
    BOOST_TEST(o.connect.count == 1u);
    BOOST_TEST(o.reused == 5u);
    BOOST_TEST(o.idle == 1u);
    BOOST_TEST(o.active == 0u);
    BOOST_REQUIRE(o.requests.size() == 4u);
    BOOST_TEST(o.requests[0].method == "GET");
    BOOST_TEST(o.requests[0].status == 200u);
    BOOST_TEST(o.requests[0].duration.count == 3u);
    BOOST_TEST(o.requests[0].duration.sum > 0);
    BOOST_TEST(o.requests[1].status == 404u);
    BOOST_TEST(o.requests[2].method == "POST");
    BOOST_TEST(o.requests[3].method == "_OTHER");
    BOOST_TEST(told.size() == 7u);
    BOOST_TEST((told.front().what == kind::connected));
    BOOST_TEST((told.back().what == kind::answered));
    BOOST_TEST(told.back().method == "PROPFIND");
    BOOST_TEST(told.back().reused);
    BOOST_TEST((told.back().elapsed > 0us));
}

BOOST_AUTO_TEST_CASE(failures_have_names)
{
    const std::string nobody = "http://127.0.0.1:" + std::to_string(unused_port());
    BOOST_TEST(get(nobody + "/").ec == errc::connect_failed);
    BOOST_TEST(of(nobody).failed == 1u);
    BOOST_TEST(of(nobody).requests.empty());
    BOOST_TEST((told.back().what == kind::connect_failed));
    BOOST_TEST(told.back().error == errc::connect_failed);
    const raw_server rude([](raw_peer& peer) { peer.read_request(); });
    BOOST_TEST(get(rude.url("/")).ec == errc::connection_lost);
    const auto o = of(origin_of(rude));
    BOOST_REQUIRE(o.requests.size() == 1u);
    BOOST_TEST(o.requests[0].error == "connection_lost");
    BOOST_TEST(o.requests[0].status == 0u);
    BOOST_TEST((told.back().what == kind::exchange_failed));
}

BOOST_AUTO_TEST_CASE(redirects_and_retries_are_counted_where_they_began)
{
    options.retries.attempts = 1;
    options.retries.first = 1ms;
    notes seen;
    const raw_server server(answering(seen, [&](const std::string& request) {
        if (request.find(" /a ") != std::string::npos) return text_answer("302 Found", "", "Location: /b\r\n");
        return seen.size() == 2 ? text_answer("503 Service Unavailable", "") : hello;
    }));
    BOOST_TEST(get(server.url("/a")).response.body() == "hello");
    const auto o = of(origin_of(server));
    BOOST_TEST(o.redirects == 1u);
    BOOST_TEST(o.retries == 1u);
    const std::vector<kind> expected{kind::connected, kind::answered, kind::redirected,
                                     kind::answered,  kind::retried,  kind::answered};
    BOOST_TEST((kinds() == expected));
}

BOOST_AUTO_TEST_CASE(a_hook_that_throws_changes_nothing)
{
    options.on_activity = [](const http_activity&) { throw std::runtime_error("full disk"); };
    options.wire_log = [](std::string_view) { throw std::runtime_error("full disk"); };
    const raw_server server(keep_answering());
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
}

BOOST_AUTO_TEST_CASE(the_wire_log_shows_headers_without_secrets)
{
    std::string log;
    options.wire_log = [&](std::string_view lines) { log += lines; };
    const raw_server server(keep_answering(text_answer("200 OK", "a secret body", "Set-Cookie: sid=hunter2\r\n")));
    BOOST_TEST(!send(http_request("POST", server.url("/x?code=hunter2"))
                         .field("Authorization", "Basic hunter2")
                         .body("hunter2"))
                    .ec);
    BOOST_TEST(log.find("hunter2") == std::string::npos);
    BOOST_TEST(log.find("secret body") == std::string::npos);
    BOOST_TEST(log.starts_with("> POST /x?code=*** HTTP/1.1\n> Host: 127.0.0.1:"));
    BOOST_TEST(log.find("\n< HTTP/1.1 200\n< Set-Cookie: ***\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(prometheus_reads_it)
{
    const raw_server server(keep_answering());
    for (int i = 0; i < 2; ++i) BOOST_TEST(!get(server.url("/")).ec);
    const std::string labels =
        "server_address=\"127.0.0.1\",server_port=\"" + std::to_string(server.port()) + "\",url_scheme=\"http\"";
    const std::string text = prometheus_text(client().metrics());
    for (const std::string& line : {"# TYPE http_client_request_duration_seconds histogram\n" +
                                        ("http_client_request_duration_seconds_bucket{" + labels) +
                                        ",http_request_method=\"GET\",http_response_status_code=\"200\",le=\"0.005\"} ",
                                    ",le=\"+Inf\"} 2\n" + ("http_client_request_duration_seconds_sum{" + labels),
                                    "http_client_open_connections{" + labels + ",http_connection_state=\"idle\"} 1\n",
                                    "afresh_http_client_connections_opened_total{" + labels + "} 1\n",
                                    "afresh_http_client_connections_reused_total{" + labels + "} 1\n"})
        BOOST_TEST((text.find(line) != std::string::npos), line << " is not in\n" << text);
}

BOOST_AUTO_TEST_CASE(whoever_follows_strange_links_does_not_fill_the_memory)
{
    http::metrics_recorder recorder;
    for (int i = 0; i < 3000; ++i) ++recorder.at("https://h" + std::to_string(i) + ".example").failed;
    const auto all = recorder.snapshot().origins;
    BOOST_TEST(all.size() == 1001u);
    std::uint64_t failed = 0;
    for (const auto& o : all) failed += o.failed;
    BOOST_TEST(failed == 3000u);
}

BOOST_AUTO_TEST_CASE(a_replay_with_another_token_is_counted)
{
    stage real{system_clocks()};
    notes seen;
    const raw_server server(answering(seen, [&](const std::string&) {
        return seen.size() == 1 ? "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"
                                  "Content-Length: 0\r\n\r\n"
                                : hello;
    }));
    source_options own;
    own.allowed_origins = {origin_of(server)};
    const http_client api(real.source(std::move(own)), options);
    real.run([](http_client c, std::string url) -> asio::awaitable<void> {
        BOOST_TEST((co_await c.get(std::move(url))).status() == 200u);
    }(api, server.url("/")));
    BOOST_TEST(api.metrics().origins.at(0).replays == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
