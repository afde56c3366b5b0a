// The end of a source: nothing of it keeps a context at work, and who waits for the end has been told everything.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

asio::awaitable<void> get_once(token_source tokens) { (void)co_await tokens.get(); }

} // namespace

BOOST_AUTO_TEST_SUITE(closing)

BOOST_AUTO_TEST_CASE(a_closed_source_arranges_no_wake_up_though_its_handle_lives)
{
    stage s;
    const token_source tokens = s.source();
    s.run(get_once(tokens));
    s.settle();
    BOOST_TEST(s.time->is_armed()); // for the renewal
    tokens.close();
    s.settle();
    BOOST_TEST(!s.time->is_armed());
}

BOOST_AUTO_TEST_CASE(the_context_runs_out_of_work_after_close)
{
    stage s{system_clocks()};
    const token_source tokens = s.source();
    asio::co_spawn(s.context, get_once(tokens), [&](std::exception_ptr) { tokens.close(); });
    s.context.run(); // for ever, if the timer of the renewal were left
    BOOST_TEST((tokens.status().state == source_state::closed));
    BOOST_TEST(tokens.status().generation == 2u);
}

BOOST_AUTO_TEST_CASE(the_wake_up_of_another_source_of_the_service_stays)
{
    stage s;
    const token_service service(s.context.get_executor(), s.parts());
    const auto client = std::make_shared<const client_registration>(stage::client());
    std::optional<token_source> one(std::in_place, service, client, grant::refresh_token("alice-0"),
                                    source_options{.key = "alice"});
    token_source two(service, client, grant::refresh_token("bob-0"), source_options{.key = "bob"});
    s.run(get_once(*one));
    s.run(get_once(two));
    s.settle();
    one.reset();
    s.settle();
    BOOST_TEST(s.time->is_armed());
    BOOST_TEST(s.run_until([&] { return two.status().generation == 3; }));
    two.close();
    s.settle();
    BOOST_TEST(!s.time->is_armed());
}

BOOST_AUTO_TEST_CASE(the_status_of_a_token_that_nobody_asks_for_is_that_of_now)
{
    stage s;
    s.policy.unused = unused_sources::on_demand;
    const token_source tokens = s.source();
    s.run(get_once(tokens));
    s.settle();
    BOOST_TEST((tokens.status().state == source_state::fresh));
    s.time->pass(3400s);
    BOOST_TEST((tokens.status().state == source_state::due));
    s.time->pass(200s);
    BOOST_TEST((tokens.status().state == source_state::empty));
    s.run(get_once(tokens));
    s.settle();
    BOOST_TEST((tokens.status().state == source_state::fresh));
}

BOOST_AUTO_TEST_CASE(shutdown_completes_after_the_last_event)
{
    stage s;
    std::vector<event::kind> told;
    std::optional<std::size_t> told_before_the_end;
    source_options options;
    auto parts = s.parts();
    parts.on_event = [&](const event& e) { told.push_back(e.what); };
    options.service = std::move(parts);
    const token_source tokens(s.context.get_executor(), stage::client(), grant::refresh_token("alice-0"),
                              std::move(options));
    tokens.async_get([](error_code, access_token) {});
    BOOST_TEST(s.run_until([&] { return s.server->bytes_sent() == 1; })); // an exchange is under way
    tokens.async_shutdown(1min, [&](error_code ec) {
        BOOST_TEST(!ec);
        told_before_the_end = told.size();
    });
    BOOST_TEST(s.run_until([&] { return told_before_the_end.has_value(); }));
    s.settle();
    BOOST_TEST(told.size() == told_before_the_end.value());
    BOOST_TEST((told.back() == event::kind::refresh_succeeded));
    BOOST_TEST(s.store->held() == "alice-1");
}

BOOST_AUTO_TEST_SUITE_END()
