// Repeating what failed, over the network.
#include "support/client_fixture.hpp"

#include <afresh/http_body.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct fixture : client_fixture {
    fixture()
    {
        options.retries.attempts = 2;
        options.retries.first = 1ms;
    }
    // Fails so many times, then answers.
    raw_server::script failing(unsigned times, std::string failure)
    {
        return answering(seen, [this, times, failure](const std::string&) {
            return seen.size() <= times ? failure : text_answer("200 OK", "at last");
        });
    }
    notes seen;
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(retries, fixture)

BOOST_AUTO_TEST_CASE(a_server_in_trouble_is_asked_again)
{
    const raw_server server(failing(2, text_answer("503 Service Unavailable", "later")));
    BOOST_TEST(get(server.url("/")).response.body() == "at last");
    BOOST_TEST(seen.size() == 3u);
}

BOOST_AUTO_TEST_CASE(the_last_answer_is_the_callers)
{
    const raw_server server(failing(9, text_answer("503 Service Unavailable", "later")));
    const auto outcome = get(server.url("/"));
    BOOST_TEST(!outcome.ec);
    BOOST_TEST(outcome.response.status() == 503u);
    BOOST_TEST(outcome.response.body() == "later");
    BOOST_TEST(seen.size() == 3u);
}

BOOST_AUTO_TEST_CASE(without_a_policy_and_without_leave_nothing_is_repeated)
{
    const raw_server server(failing(9, text_answer("503 Service Unavailable", "later")));
    BOOST_TEST(send(http_request("POST", server.url("/")).body("x")).response.status() == 503u);
    BOOST_TEST(seen.size() == 1u);
    BOOST_TEST(send(http_request("POST", server.url("/")).body("x").field("Idempotency-Key", "1")).response.status() ==
               503u);
    BOOST_TEST(seen.size() == 4u);
    made.reset();
    options.retries = {};
    BOOST_TEST(get(server.url("/")).response.status() == 503u);
    BOOST_TEST(seen.size() == 5u);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_lost_is_made_again)
{
    const raw_server server([this](raw_peer& peer) {
        if (peer.read_request().empty()) return;
        seen.add("request");
        if (seen.size() == 3) peer.write(hello);
    });
    BOOST_TEST(get(server.url("/")).response.body() == "hello");
    BOOST_TEST(seen.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_pause_ends_with_the_call)
{
    const raw_server server(failing(9, text_answer("503 Service Unavailable", "", "Retry-After: 30\r\n")));
    http_request impatient("GET", server.url("/"));
    impatient.timeout(500ms);
    BOOST_TEST(send(impatient).response.status() == 503u); // no time to wait for it
    BOOST_TEST(seen.size() == 1u);

    asio::cancellation_signal stop;
    std::optional<error_code> ended;
    asio::co_spawn(
        context, client().send(http_request("GET", server.url("/"))),
        asio::bind_cancellation_slot(stop.slot(), [&](std::exception_ptr, transport_outcome o) { ended = o.ec; }));
    context.restart();
    while (seen.size() < 2 && !context.stopped()) context.run_one_for(10ms);
    context.run_for(50ms);
    BOOST_TEST(!ended); // it waits
    stop.emit(asio::cancellation_type::terminal);
    context.restart();
    context.run_for(5s);
    BOOST_REQUIRE(ended);
    BOOST_TEST(*ended == asio::error::operation_aborted);
}

BOOST_AUTO_TEST_CASE(a_source_is_rewound_only_when_it_is_sent_again)
{
    const raw_server server(failing(1, text_answer("503 Service Unavailable", "later")));
    int rewound = 0;
    std::string left = "body";
    const auto next = [&left]() -> asio::awaitable<std::string> { co_return std::exchange(left, std::string()); };
    const auto again = [&] {
        ++rewound;
        left = "body";
    };
    const auto source = make_generator_body(next, again);
    BOOST_TEST(send(http_request("PUT", server.url("/")).body(source)).response.body() == "at last");
    BOOST_TEST(rewound == 1);
    BOOST_TEST(body_of(seen.at(0)) == "4\r\nbody\r\n0\r\n\r\n");
    BOOST_TEST(body_of(seen.at(1)) == body_of(seen.at(0)));
}

BOOST_AUTO_TEST_CASE(the_budget_of_all_calls_is_kept)
{
    options.retries.budget = 0;
    const raw_server server(failing(1000, text_answer("503 Service Unavailable", "later")));
    for (int i = 0; i < 20; ++i) BOOST_TEST(get(server.url("/")).response.status() == 503u);
    BOOST_TEST(seen.size() == 30u); // ten retries are there from the start
}

BOOST_AUTO_TEST_SUITE_END()
