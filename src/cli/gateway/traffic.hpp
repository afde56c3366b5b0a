#pragma once
// What was counted of a route's requests by one thread, for others to read.

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace afresh::cli {

// Written by one thread.
class counter {
public:
    void add(std::uint64_t n = 1) noexcept { n_.store(value() + n, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return n_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> n_{};
};

// Bounds in seconds; the last bucket is of what took longer.
constexpr std::array<double, 17> duration_bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,    0.25,    0.5,    1,     2.5,    5,     10,   60};
constexpr std::size_t bucket_of(double seconds) noexcept
{
    std::size_t i = 0;
    while (i < duration_bounds.size() && seconds > duration_bounds[i]) ++i;
    return i;
}

// How a request ended, where its status does not say it.
enum class ending : unsigned { broken_off = 0, caller_gone = 6 };
constexpr std::size_t endings = 7; // 1 to 5: answered with a status of that class

struct traffic {
    std::array<counter, endings> by_ending{};
    counter begun;
    counter replayed; // after a 401, by clients that have gone since
    std::array<counter, duration_bounds.size() + 1> durations{};
    counter nanoseconds; // all durations

    static std::size_t ending_of(unsigned status) noexcept { return std::min<std::size_t>(status / 100, 5); }
    void end(std::size_t how, std::chrono::nanoseconds took) noexcept
    {
        by_ending[how].add();
        durations.at(bucket_of(std::chrono::duration<double>(took).count())).add();
        nanoseconds.add(static_cast<std::uint64_t>(took.count()));
    }
};

// Of several at one moment. Less than before when a route has gone.
struct traffic_sum {
    std::array<std::uint64_t, endings> by_ending{};
    std::uint64_t begun{};
    std::uint64_t replayed{};
    std::array<std::uint64_t, duration_bounds.size() + 1> durations{};
    double seconds{};

    void add(const traffic& t) noexcept
    {
        // before those that began, since another thread counts
        for (std::size_t i = 0; i < by_ending.size(); ++i) by_ending[i] += t.by_ending[i].value();
        for (std::size_t i = 0; i < durations.size(); ++i) durations[i] += t.durations[i].value();
        begun += t.begun.value();
        replayed += t.replayed.value();
        seconds += static_cast<double>(t.nanoseconds.value()) / 1e9;
    }
    void add(const traffic_sum& t) noexcept
    {
        for (std::size_t i = 0; i < by_ending.size(); ++i) by_ending[i] += t.by_ending[i];
        for (std::size_t i = 0; i < durations.size(); ++i) durations[i] += t.durations[i];
        begun += t.begun;
        replayed += t.replayed;
        seconds += t.seconds;
    }
    std::uint64_t in_flight() const noexcept { return begun - requests(); }
    std::uint64_t requests() const noexcept
    {
        std::uint64_t n = 0;
        for (const std::uint64_t c : by_ending) n += c;
        return n;
    }
    std::uint64_t failed() const noexcept { return by_ending[0] + by_ending[5]; }
};

} // namespace afresh::cli
