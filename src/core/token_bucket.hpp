#pragma once
// Bounds forced refreshes: `burst` at once, one more each `interval` (DESIGN "401 from a resource"). Pure.

#include "core/schedule.hpp"

#include <algorithm>

namespace afresh::core {

class token_bucket {
public:
    // False when empty.
    bool take(mono_time now, const refresh_policy& policy) noexcept
    {
        const std::chrono::nanoseconds interval = std::max(policy.forced_interval, std::chrono::seconds(1));
        // Kept as the moment at which the bucket would be full again: full now means it lies in the past.
        if (full_at_ < now) full_at_ = now;
        const double taken = static_cast<double>((full_at_ - now).count()) / static_cast<double>(interval.count());
        if (taken + 1 > policy.forced_burst) return false;
        full_at_ = after({full_at_, {}}, interval).mono;
        return true;
    }

private:
    mono_time full_at_{};
};

} // namespace afresh::core
