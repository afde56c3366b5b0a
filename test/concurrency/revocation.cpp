// A thousand callers at the moment at which their token is revoked: a thousand answers, and one token request (DESIGN 4).
#include "concurrency/crowd.hpp"
#include "support/chaos_server.hpp"
#include "support/raw_server.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/test/unit_test.hpp>

#include <latch>

using namespace afresh;
using namespace afresh::test;

namespace {

constexpr int callers = 1000;

// What went wrong, counted on many threads.
struct tally {
    std::atomic<int> right{};
    std::atomic<int> wrong{};
    std::atomic<int> failed{};
};

asio::awaitable<void> call(http_client api, std::string origin, std::uint64_t id, tally& out, std::latch& all)
{
    try {
        const auto answer = co_await api.get(origin + "/echo/" + std::to_string(id) + "/100");
        ++(answer.status() == 200 && answer.text() == echo_of(id, "GET", "", 100) ? out.right : out.wrong);
    } catch (const std::exception&) {
        ++out.failed;
    }
    all.count_down();
}

void revoke_under(std::size_t connections)
{
    chaos_plan plan;
    plan.token_delay = 20ms; // so that latecomers find the renewal under way
    chaos_server server(plan);
    threads first(2);
    threads second(1);
    source_options options;
    options.service.policy.forced_burst = 1000;
    options.allowed_origins = {server.origin()};
    http_client_options settings;
    settings.limits = without_sweep();
    settings.limits.connections_per_origin = connections;
    settings.limits.pool_wait = 60s; // sanitizers are slow
    settings.limits.total = 120s;
    settings.limits.first_byte = 60s;
    client_registration registration(server.token_endpoint(), "client");
    registration.client_secret_basic("secret");
    token_source tokens(first.context.get_executor(), registration, grant::refresh_token("rt-0"), std::move(options));
    http_client api(first.context.get_executor(), tokens, settings);

    tally out;
    std::uint64_t id = 0;
    for (unsigned round = 1; round <= 4; ++round) {
        if (round > 1) server.revoke(); // the first round begins without a token
        std::latch all(callers);
        for (int i = 0; i < callers; ++i) {
            ++id;
            asio::any_io_executor where = asio::make_strand(i % 3 == 0 ? second.context : first.context);
            asio::co_spawn(where, call(api, server.origin(), id, out, all), [](const std::exception_ptr&) {});
        }
        all.wait();
        BOOST_TEST(out.right == static_cast<int>(round) * callers);
        BOOST_TEST(server.counts().token_requests == round);
    }
    BOOST_TEST(out.wrong == 0);
    BOOST_TEST(out.failed == 0);
    BOOST_TEST(server.counts().reuses == 0u);
    BOOST_TEST(server.counts().refused >= 3u); // else nobody was there to see it revoked
    api.close();
    tokens.close();
}

} // namespace

BOOST_AUTO_TEST_SUITE(revocation)

BOOST_AUTO_TEST_CASE(a_thousand_callers_over_a_few_connections_make_one_token_request) { revoke_under(64); }
BOOST_AUTO_TEST_CASE(a_thousand_callers_with_a_connection_each_make_one_token_request) { revoke_under(callers); }

BOOST_AUTO_TEST_SUITE_END()
