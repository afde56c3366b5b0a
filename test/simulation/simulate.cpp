// Runs one random world after another and prints the first seed that breaks an invariant, with its story.
//   simulate [--schedules N] [--first SEED] [--seconds S] [--fleet] [--story] [--seed SEED]
// `--seed N --story` tells the story of one seed.
#include "simulation/plan.hpp"

#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>

namespace {

struct arguments {
    std::uint64_t first = 1;
    std::uint64_t schedules = 1000;
    double seconds = 0; // 0: no limit
    bool story = false;
    bool fleet = false;      // several processes share one chain
    bool keep_going = false; // after a failure
};

bool read(int count, char** values, arguments& a)
{
    for (int i = 1; i < count; ++i) {
        const std::string_view name = values[i];
        if (name == "--story") {
            a.story = true;
            continue;
        }
        if (name == "--fleet") {
            a.fleet = true;
            continue;
        }
        if (name == "--keep-going") {
            a.keep_going = true;
            continue;
        }
        if (++i == count) return false;
        if (name == "--first")
            a.first = std::strtoull(values[i], nullptr, 10);
        else if (name == "--schedules")
            a.schedules = std::strtoull(values[i], nullptr, 10);
        else if (name == "--seconds")
            a.seconds = std::strtod(values[i], nullptr);
        else if (name == "--seed")
            a.first = std::strtoull(values[i], nullptr, 10), a.schedules = 1;
        else
            return false;
    }
    return true;
}

double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

} // namespace

int main(int count, char** values)
{
    arguments a;
    if (!read(count, values, a)) {
        std::fputs("usage: simulate [--schedules N] [--first SEED] [--seconds S] [--seed SEED] [--fleet] [--story] "
                   "[--keep-going]\n",
                   stderr);
        return 2;
    }
    const auto began = std::chrono::steady_clock::now();
    const auto elapsed = [&] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    };
    const double cpu = cpu_seconds();
    simulation::outcome sum;
    std::uint64_t done = 0, failures = 0;
    for (; done < a.schedules && (a.seconds <= 0 || elapsed() < a.seconds); ++done) {
        const std::uint64_t seed = a.first + done;
        const simulation::outcome o = simulation::run_seed(seed, a.fleet, a.story);
        if (a.story) std::fputs(o.story.c_str(), stdout);
        if (o.violation) {
            ++failures;
            std::printf("seed %" PRIu64 " breaks an invariant: %s\n", seed, o.violation->text.c_str());
            if (a.keep_going) continue;
            if (!a.story) std::fputs(simulation::run_seed(seed, a.fleet, true).story.c_str(), stdout);
            std::printf("replay with: simulate%s --seed %" PRIu64 " --story\n", a.fleet ? " --fleet" : "", seed);
            return 1;
        }
        sum.events += o.events;
        sum.requests += o.requests;
        sum.rotations += o.rotations;
        sum.reuse_events += o.reuse_events;
        sum.lost_families += o.lost_families;
        sum.waits += o.waits;
        sum.failed_waits += o.failed_waits;
        sum.lasted += o.lasted / 1000; // microseconds: a million schedules last longer than nanoseconds can count
        sum.story_hash = sum.story_hash * 31 + o.story_hash;
    }
    const double n = done ? static_cast<double>(done) : 1;
    std::printf("%" PRIu64 " schedules from seed %" PRIu64 ", %" PRIu64
                " failures: %.0f a second of processor time, %.0f by the clock\n",
                done, a.first, failures, n / (cpu_seconds() - cpu), n / elapsed());
    std::printf(
        "each on average: %.1f virtual hours, %.0f events, %.1f token requests, %.1f callers, %.2f of them failed\n",
        static_cast<double>(sum.lasted.count()) / n / 3.6e9, static_cast<double>(sum.events) / n,
        static_cast<double>(sum.requests) / n, static_cast<double>(sum.waits) / n,
        static_cast<double>(sum.failed_waits) / n);
    std::printf("%zu rotations, %zu reuse events at servers, %zu grants lost in doubt, story %016" PRIx64 "\n",
                sum.rotations, sum.reuse_events, sum.lost_families, sum.story_hash);
    return failures ? 1 : 0;
}
