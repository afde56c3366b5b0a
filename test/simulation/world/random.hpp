#pragma once
// The only source of chance in a simulated world: a seeded generator whose numbers are the same on every platform.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace simulation {

// xoshiro256** of Blackman and Vigna, seeded through splitmix64. std::uniform_*_distribution differs between libraries.
class random_numbers {
public:
    explicit random_numbers(std::uint64_t seed) noexcept
    {
        for (auto& word : state_) {
            seed += 0x9e3779b97f4a7c15u;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
            z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
            word = z ^ (z >> 31);
        }
    }

    std::uint64_t next() noexcept
    {
        const auto rotl = [](std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); };
        const std::uint64_t result = rotl(state_[1] * 5, 7) * 9;
        const std::uint64_t t = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= t;
        state_[3] = rotl(state_[3], 45);
        return result;
    }

    // Uniform in [0, 1).
    double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }
    bool chance(double probability) noexcept { return unit() < probability; }
    // Uniform in [0, n); 0 for n = 0.
    std::uint64_t below(std::uint64_t n) noexcept
    {
        return n == 0 ? 0 : static_cast<std::uint64_t>(unit() * static_cast<double>(n));
    }
    std::chrono::nanoseconds between(std::chrono::nanoseconds low, std::chrono::nanoseconds high) noexcept
    {
        return low +
               std::chrono::nanoseconds(static_cast<std::int64_t>(unit() * static_cast<double>((high - low).count())));
    }
    // Of widely different sizes: each doubling of `low` up to `high` is equally likely. `low` must be positive.
    std::chrono::nanoseconds spread(std::chrono::nanoseconds low, std::chrono::nanoseconds high) noexcept
    {
        unsigned doublings = 0;
        for (auto size = low; size < high; size *= 2) ++doublings;
        const auto size = low * (std::int64_t{1} << below(doublings));
        return std::min(between(size, 2 * size), high);
    }
    template <class T, std::size_t n>
    const T& pick(const T (&choices)[n]) noexcept
    {
        return choices[below(n)];
    }

private:
    std::uint64_t state_[4]{};
};

} // namespace simulation
