#pragma once
/// @file
/// What a caller asks of the token it gets.

#include <chrono>
#include <optional>

namespace afresh {

/// Options of one `get()`: `co_await tokens.get(get_options().max_wait(2s))`.
class get_options {
public:
    constexpr get_options() noexcept {} // declared: a temporary of it is safe inside co_await on g++ 12

    /// How long to wait for a usable token; then `errc::wait_timed_out`. A caller that says so stays queued through
    /// failures until then; one that does not waits `refresh_policy::max_wait` at most, and fails with the third
    /// failure in a row.
    constexpr get_options& max_wait(std::chrono::milliseconds t) noexcept
    {
        max_wait_ = t;
        return *this;
    }
    /// The least remaining life of the token. At most half of the token's lifetime is honoured, so that a large value
    /// cannot make every call refresh.
    constexpr get_options& min_valid(std::chrono::seconds t) noexcept
    {
        min_valid_ = t;
        return *this;
    }

    constexpr std::optional<std::chrono::milliseconds> max_wait() const noexcept { return max_wait_; }
    constexpr std::chrono::seconds min_valid() const noexcept { return min_valid_; }

private:
    std::optional<std::chrono::milliseconds> max_wait_;
    std::chrono::seconds min_valid_{};
};

} // namespace afresh
