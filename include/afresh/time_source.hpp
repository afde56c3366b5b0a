#pragma once
/// @file
/// The seam to time: two clocks, one wake-up, and randomness for jitter.

#include <afresh/export.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace afresh {

namespace asio = boost::asio;

/// One moment on both clocks. The monotonic clock stands still in suspend, the wall clock is stepped by people and NTP:
/// Afresh keeps deadlines on both and lets the earlier one win.
struct instant {
    std::chrono::steady_clock::time_point mono;
    std::chrono::system_clock::time_point wall;
    bool operator==(const instant&) const = default;
};

/// The clocks, the wake-up and the randomness of one `token_service`. Replaced in simulations.
///
/// @par Thread safety All functions may be called from any thread.
class AFRESH_EXPORT time_source {
public:
    virtual ~time_source() = default;
    virtual instant now() const noexcept = 0;
    /// Uniform in [0, 1).
    virtual double jitter() noexcept = 0;
    /// Arranges for `wake` to be called once at `at` or soon after, never from within this call; replaces the wake-up
    /// arranged before. An empty function arranges nothing.
    virtual void wake_at(std::chrono::steady_clock::time_point at, std::function<void()> wake) = 0;
    /// True when `now()` is what the system's own clocks say, so that the hot path may read them without a virtual
    /// call.
    virtual bool is_system() const noexcept { return false; }
};

/// The system's clocks and one `steady_timer` on `executor`.
AFRESH_EXPORT std::shared_ptr<time_source> make_system_time(asio::any_io_executor executor);

} // namespace afresh
