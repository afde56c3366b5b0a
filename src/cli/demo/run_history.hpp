#pragma once
// What happened in a run, for its picture and summary. Times are seconds since it began.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace afresh::cli {

// An access token, from its exchange to the end of its life.
struct token_life {
    std::uint64_t generation{};
    double from{};
    double until{};                 // the end of its life as the server told it
    std::optional<double> replaced; // the next one was there
    bool revoked{};                 // ... because a resource refused this one
};

struct time_span {
    double from{};
    double until{};
};

class run_history {
public:
    using clock = std::chrono::steady_clock;
    static constexpr double bin = 0.25; // of `calls`

    double at(clock::time_point t) const noexcept { return std::chrono::duration<double>(t - began).count(); }
    double now() const noexcept { return at(clock::now()); }

    void count_call()
    {
        const auto i = static_cast<std::size_t>(std::max(now(), 0.0) / bin);
        if (calls.size() <= i) calls.resize(i + 1);
        ++calls[i];
    }
    // Calls per second in the whole bins of the second before `t`.
    double rate(double t) const
    {
        const auto last = recent_rates(t, static_cast<std::size_t>(1 / bin));
        return last.empty() ? 0 : std::accumulate(last.begin(), last.end(), 0.0) / static_cast<double>(last.size());
    }

    // Calls per second in each of the `n` whole bins before `t`.
    std::vector<double> recent_rates(double t, std::size_t n) const
    {
        const auto end = std::min(static_cast<std::size_t>(t / bin), calls.size());
        std::vector<double> rates;
        for (auto i = end - std::min(end, n); i < end; ++i) rates.push_back(calls[i] / bin);
        return rates;
    }

    clock::time_point began = clock::now();
    double length{};
    std::vector<token_life> tokens;
    std::vector<double> failed_refreshes;
    std::vector<time_span> outages;
    std::vector<double> revocations;
    std::vector<std::uint32_t> calls; // completed, in each bin
};

} // namespace afresh::cli
