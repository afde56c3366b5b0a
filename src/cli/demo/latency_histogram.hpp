#pragma once
// How long something took, many times over: constant memory, and quantiles that are at most a sixteenth off.

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace afresh::cli {

class latency_histogram {
public:
    using nanoseconds = std::chrono::nanoseconds;

    void add(nanoseconds took) noexcept
    {
        const auto value = static_cast<std::uint64_t>(std::max<nanoseconds::rep>(took.count(), 0));
        ++buckets_[index(value)];
        ++count_;
        max_ = std::max(max_, value);
    }

    std::uint64_t count() const noexcept { return count_; }
    nanoseconds max() const noexcept { return nanoseconds(max_); }

    // What the fraction `q` of all did not exceed; zero when there were none.
    nanoseconds quantile(double q) const noexcept
    {
        const auto wanted = static_cast<std::uint64_t>(q * static_cast<double>(count_));
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < buckets_.size(); ++i) {
            seen += buckets_[i];
            if (seen > wanted || (seen == count_ && seen > 0)) return nanoseconds(std::min(upper_bound(i), max_));
        }
        return nanoseconds(0);
    }

private:
    // Sixteen buckets to each power of two.
    static constexpr std::size_t index(std::uint64_t value) noexcept
    {
        if (value < 16) return value;
        const auto top = static_cast<std::size_t>(std::bit_width(value)) - 1;
        return (top - 3) * 16 + ((value >> (top - 4)) & 15);
    }
    static constexpr std::uint64_t upper_bound(std::size_t index) noexcept
    {
        if (index < 16) return index;
        const std::size_t top = index / 16 + 3;
        const std::uint64_t width = std::uint64_t{1} << (top - 4);
        return (16 + index % 16) * width + (width - 1);
    }

    std::array<std::uint64_t, 61 * 16> buckets_{};
    std::uint64_t count_{};
    std::uint64_t max_{};
};

} // namespace afresh::cli
