#pragma once
// The seam to time, moved by the test: no test waits, and none depends on how fast the machine is.

#include <afresh/time_source.hpp>

#include <mutex>
#include <utility>

namespace afresh::test {

class manual_time final : public time_source {
public:
    instant now() const noexcept override
    {
        std::lock_guard lock(mutex_);
        return now_;
    }
    double jitter() noexcept override { return 0.5; }
    void wake_at(std::chrono::steady_clock::time_point at, std::function<void()> wake) override
    {
        std::lock_guard lock(mutex_);
        at_ = at;
        wake_ = std::move(wake);
    }

    void pass(std::chrono::nanoseconds by)
    {
        std::lock_guard lock(mutex_);
        now_.mono += std::chrono::duration_cast<std::chrono::steady_clock::duration>(by);
        now_.wall += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
    }
    // Somebody sets the wall clock.
    void step(std::chrono::nanoseconds by)
    {
        std::lock_guard lock(mutex_);
        now_.wall += std::chrono::duration_cast<std::chrono::system_clock::duration>(by);
    }
    // Moves on to the wake-up that was arranged, and wakes. False when there is none.
    bool skip()
    {
        std::function<void()> wake;
        {
            std::lock_guard lock(mutex_);
            wake = std::exchange(wake_, nullptr);
        }
        if (!wake) return false;
        if (at_ > now().mono) pass(at_ - now().mono);
        wake();
        return true;
    }
    // A wake-up is arranged.
    bool is_armed() const
    {
        std::lock_guard lock(mutex_);
        return wake_ != nullptr;
    }
    // Forgets the wake-up: what it would wake is gone.
    void stop()
    {
        std::lock_guard lock(mutex_);
        wake_ = nullptr;
    }

private:
    mutable std::mutex mutex_;
    instant now_{std::chrono::steady_clock::time_point(std::chrono::hours(1000)),
                 std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000))};
    std::chrono::steady_clock::time_point at_{};
    std::function<void()> wake_;
};

} // namespace afresh::test
