#pragma once
// The clocks of one machine: what people and NTP do to the wall clock, and what suspend does to the monotonic one.

#include "simulation/world/event_queue.hpp"

#include <afresh/time_source.hpp>

namespace simulation {

class machine {
public:
    afresh::instant read(virtual_time t) const noexcept
    {
        using namespace std::chrono;
        const virtual_time mono = (asleep_ && stands_still_ ? fell_asleep_ : t) - stood_still_;
        return {steady_clock::time_point(hours(100) + mono),
                system_clock::time_point(hours(24 * 365 * 56) + t + wall_off_)};
    }
    // When the monotonic clock will show `at`, if nobody suspends the machine before.
    virtual_time when(std::chrono::steady_clock::time_point at) const noexcept
    {
        using namespace std::chrono;
        const auto late = steady_clock::time_point(hours(24 * 365 * 100));
        return std::min(at, late).time_since_epoch() - hours(100) + stood_still_;
    }

    void step_wall_clock(std::chrono::nanoseconds by) noexcept
    {
        // Around the year 2026: beyond the range of the clock lies undefined behaviour, and nobody's birthday.
        constexpr virtual_time most = std::chrono::hours(24 * 365 * 50);
        wall_off_ = std::clamp(wall_off_ + by, -most, most);
    }
    // The machine is suspended; or its processes are only stopped (SIGSTOP), and the clocks go on.
    void suspend(virtual_time now, std::chrono::nanoseconds how_long, bool stands_still = true) noexcept
    {
        if (asleep_) return;
        asleep_ = true;
        stands_still_ = stands_still;
        fell_asleep_ = now;
        awake_at_ = now + how_long;
    }
    // Wakes up when its time has come.
    bool asleep(virtual_time now) noexcept
    {
        if (asleep_ && now >= awake_at_) {
            asleep_ = false;
            if (stands_still_) stood_still_ += awake_at_ - fell_asleep_;
        }
        return asleep_;
    }
    virtual_time awake_at() const noexcept { return awake_at_; }
    // For how long its clocks go on without it.
    std::chrono::nanoseconds stopped_for(virtual_time now) noexcept
    {
        return asleep(now) && !stands_still_ ? awake_at_ - now : std::chrono::nanoseconds(0);
    }

private:
    std::chrono::nanoseconds wall_off_{};
    std::chrono::nanoseconds stood_still_{};
    bool asleep_{}, stands_still_{};
    virtual_time fell_asleep_{};
    virtual_time awake_at_{};
};

} // namespace simulation
