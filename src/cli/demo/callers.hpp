#pragma once
// The load: coroutines that call the API with a pause between calls.

#include "cli/demo/latency_histogram.hpp"
#include "cli/demo/run_history.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace afresh::cli {

struct call_totals {
    std::uint64_t calls{};
    std::uint64_t failed{};
    std::map<std::string, std::uint64_t> causes; // of the failed ones
    latency_histogram get;                       // tokens.get()
    latency_histogram whole;                     // the call, the token included
};

// Everything on one thread: that of `client`'s context.
class callers {
public:
    using clock = std::chrono::steady_clock;

    // `pause`: on average, drawn between half and one and a half of it.
    callers(http_client client, std::string url, unsigned count, std::chrono::milliseconds pause, run_history& history);

    void start(const asio::any_io_executor& executor);
    // No further calls begin; those under way end.
    void stop() noexcept { stopping_ = true; }
    bool done() const noexcept { return running_ == 0; }
    // Every call that began before `t` has ended.
    bool settled(clock::time_point t) const noexcept;
    const call_totals& totals() const noexcept { return totals_; }

private:
    asio::awaitable<void> loop(std::size_t me);
    asio::awaitable<void> call();
    void fail(std::string cause);

    http_client client_;
    const std::string url_;
    const std::chrono::milliseconds pause_;
    run_history& history_;
    std::vector<clock::time_point> began_; // the call of each caller; max: none
    std::minstd_rand random_{std::random_device{}()};
    std::size_t running_{};
    bool stopping_{};
    call_totals totals_;
};

} // namespace afresh::cli
