#pragma once
// A seed's whole world: what server, network, store and program are like, what befalls them, and how it must end.

#include "simulation/checker.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace simulation {

struct outcome {
    std::optional<checker::violation> violation;
    std::uint64_t story_hash{};
    std::string story; // when it was asked for
    std::size_t events{}, requests{}, rotations{}, reuse_events{}, lost_families{}, waits{}, failed_waits{};
    virtual_time lasted{};
};

// Runs the world of `seed` to its end, or to the first broken invariant. The same seed always gives the same story.
// A fleet: several processes that share one chain.
outcome run_seed(std::uint64_t seed, bool fleet = false, bool told_aloud = false);

} // namespace simulation
