// token_reader, against the least that can be asked of a checked token: one load and the two coarse clocks.

#include "benchmarks.hpp"
#include "token_endpoint.hpp"

#include <afresh/token_reader.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <atomic>
#include <ctime>

namespace bench {
namespace {

constexpr int turns = 20'000;

double read(afresh::token_reader& reader)
{
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        const afresh::access_token& token = reader.held();
        keep(token);
    }
    return watch.ns() / turns;
}

double load_and_two_clocks()
{
    static std::atomic<long> version{1};
    const stopwatch watch;
    for (int i = 0; i < turns; ++i) {
        timespec mono, wall;
        const long value = version.load(std::memory_order_acquire);
        clock_gettime(CLOCK_MONOTONIC_COARSE, &mono);
        clock_gettime(CLOCK_REALTIME_COARSE, &wall);
        keep(value), keep(mono), keep(wall);
    }
    return watch.ns() / turns;
}

} // namespace

void token_reader(report& out)
{
    asio::io_context context(1);
    const afresh::token_service service = make_service(context.get_executor(), std::make_shared<token_endpoint>());
    const afresh::token_source tokens = make_source(service, "one");
    asio::co_spawn(context, tokens.get(), [](std::exception_ptr e, auto) {
        if (e) std::rethrow_exception(e);
    });
    context.run_for(std::chrono::milliseconds(50));

    afresh::token_reader reader(tokens);
    race r;
    r.add("reader", [&] { return read(reader); });
    r.add("limit", load_and_two_clocks);
    r.run(200);
    out.add({"token_reader", "token_reader::held(), expiry checked", "ns", *r.best("reader"),
             "one load and two coarse clocks", r.best("limit"), value_at_most(8)});
}

} // namespace bench
