// Redirects, over the network: where they lead, what goes along, and when they end.
#include "support/client_fixture.hpp"

#include <afresh/http_body.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

std::string moved(const std::string& status, const std::string& location)
{
    return text_answer(status, "this way", "Location: " + location + "\r\n");
}

struct fixture : client_fixture {
    notes seen;
    notes seen_elsewhere;
    raw_server elsewhere{answering(seen_elsewhere, [this](const std::string& request) {
        if (request.find(" /home ") != std::string::npos) return moved("302 Found", home.url("/end"));
        return text_answer("200 OK", "elsewhere");
    })};
    raw_server home{answering(seen, [this](const std::string& request) {
        if (request.find(" /a ") != std::string::npos) return moved("302 Found", "/b?x=1");
        if (request.find(" /b?x=1 ") != std::string::npos) return moved("307 Temporary Redirect", "end");
        if (request.find(" /out ") != std::string::npos) return moved("302 Found", elsewhere.url("/"));
        if (request.find(" /out-and-back ") != std::string::npos) return moved("302 Found", elsewhere.url("/home"));
        if (request.find(" /loop ") != std::string::npos) return moved("301 Moved Permanently", "/loop");
        if (request.find(" /form ") != std::string::npos) return moved("303 See Other", "/end");
        if (request.find(" /keep ") != std::string::npos) return moved("308 Permanent Redirect", "/end");
        if (request.find(" /large ") != std::string::npos)
            return text_answer("302 Found", std::string(300'000, 'x'), "Location: /end\r\n");
        return text_answer("200 OK", "the end");
    })};
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(redirects, fixture)

BOOST_AUTO_TEST_CASE(they_are_followed_on_one_connection_and_the_answer_says_where_it_came_from)
{
    const auto outcome = get(home.url("/a"));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.body() == "the end");
    BOOST_TEST(outcome.response.url() == home.url("/end"));
    BOOST_TEST(seen.size() == 3u);
    BOOST_TEST(home.connections() == 1u);
    BOOST_TEST(get(home.url("/end")).response.url() == home.url("/end"));
}

BOOST_AUTO_TEST_CASE(ten_are_enough)
{
    const auto outcome = get(home.url("/loop"));
    BOOST_TEST(outcome.ec == errc::too_many_redirects);
    BOOST_TEST(outcome.sent);
    BOOST_TEST(seen.size() == 11u);
}

BOOST_AUTO_TEST_CASE(none_is_followed_when_so_asked)
{
    options.redirects.most = 0;
    BOOST_TEST(get(home.url("/a")).response.status() == 302u);
    BOOST_TEST(seen.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_long_answer_is_not_read_for_the_sake_of_its_connection)
{
    BOOST_TEST(get(home.url("/large")).response.body() == "the end");
    BOOST_TEST(home.connections() == 2u);
}

BOOST_AUTO_TEST_CASE(credentials_are_shown_to_their_origin_only_and_never_put_back)
{
    options.redirects.secret_fields = {"X-Api-Key"};
    http_request request("GET", home.url("/out-and-back"));
    request.field("Authorization", "Basic aGk=").field("Cookie", "id=1").field("X-Api-Key", "k").field("X-Other", "o");
    const auto outcome = send(request);
    BOOST_TEST(outcome.response.body() == "the end");
    BOOST_REQUIRE(seen.size() == 2u);
    const auto shows = [](const std::string& r) {
        return r.find("Basic") != std::string::npos || r.find("id=1") != std::string::npos ||
               r.find("X-Api-Key") != std::string::npos;
    };
    BOOST_TEST(shows(seen.at(0)));
    BOOST_TEST(!shows(seen_elsewhere.at(0)));
    BOOST_TEST(!shows(seen.at(1)));
    for (const auto& r : {seen_elsewhere.at(0), seen.at(1)}) BOOST_TEST((r.find("X-Other: o") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_form_that_was_taken_is_followed_by_a_get)
{
    const auto outcome = send(http_request("POST", home.url("/form")).form("a", "1"));
    BOOST_TEST(outcome.response.body() == "the end");
    BOOST_TEST(line_of(seen.at(1)) == "GET /end HTTP/1.1");
    BOOST_TEST(body_of(seen.at(1)).empty());
    BOOST_TEST(seen.at(1).find("Content-") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_body_goes_along_if_it_can)
{
    BOOST_TEST(send(http_request("PUT", home.url("/keep")).body("data")).response.status() == 308u);
    made.reset();
    options.redirects.any_method = true;
    BOOST_TEST(send(http_request("PUT", home.url("/keep")).body("data")).response.body() == "the end");
    BOOST_TEST(line_of(seen.at(2)) == "PUT /end HTTP/1.1");
    BOOST_TEST(body_of(seen.at(2)) == "data");

    int rewound = 0;
    std::vector<std::string> left{"one", "two"};
    const auto next = [&left]() -> asio::awaitable<std::string> {
        std::string piece = left.empty() ? "" : left.front();
        if (!left.empty()) left.erase(left.begin());
        co_return piece;
    };
    const auto again = [&] {
        ++rewound;
        left = {"one", "two"};
    };
    http_request with_source("PUT", home.url("/keep"));
    with_source.body(make_generator_body(next, again));
    BOOST_TEST(send(with_source).response.body() == "the end");
    BOOST_TEST(rewound == 1);
    BOOST_TEST(body_of(seen.at(3)) == body_of(seen.at(4)));

    left = {"one"};
    http_request once("PUT", home.url("/keep"));
    once.body(make_generator_body(next));
    BOOST_TEST(send(once).response.status() == 308u); // the caller's: there is no body any more
}

BOOST_AUTO_TEST_SUITE_END()
