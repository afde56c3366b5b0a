#pragma once
// When a token is due and until when it is used (DESIGN "due", "usable", "lifetime"). Pure.

#include <afresh/refresh_policy.hpp>

#include <chrono>
#include <optional>

namespace afresh::core {

using mono_time = std::chrono::steady_clock::time_point;
using wall_time = std::chrono::system_clock::time_point;

// A moment on both clocks: as "now", or as a deadline that is reached when either clock has reached it.
struct moment {
    mono_time mono;
    wall_time wall;

    bool reached(const moment& now) const noexcept { return now.mono >= mono || now.wall >= wall; }
    static constexpr moment never() noexcept { return {mono_time::max(), wall_time::max()}; }
    bool operator==(const moment&) const = default;
};

// What a caller asks for may be anything; a longer time than ten years overflows a clock in nanoseconds.
std::chrono::milliseconds bounded(std::chrono::milliseconds t) noexcept;

// Saturates instead of overflowing; `by` may be negative.
moment after(const moment& from, std::chrono::nanoseconds by) noexcept;

// In suspend the monotonic clock stands still, and the wall clock may have been set back: the longer time counts. Never
// negative.
std::chrono::nanoseconds since(const moment& from, const moment& now) noexcept;

// Until the earlier clock reaches `deadline`; zero when one has.
std::chrono::milliseconds left(const moment& deadline, const moment& now) noexcept;

struct token_times {
    moment due = moment::never();                 // from here on a new token is wanted
    moment usable_until = moment::never();        // from here on this one must not be sent
    moment floor{};                               // before this no new one is asked for, whatever callers want
    std::optional<std::chrono::seconds> lifetime; // unset: the server named none
    bool operator==(const token_times&) const = default;
};

// `sent`: when the request for the token was sent. `jitter` in [0, 1), drawn once per token.
// A lifetime of zero or less counts as unknown. `due` is never before `floor`, which is a second or a quarter of the
// lifetime after `sent`: that bounds the rate of requests, whatever the server hands out.
token_times schedule(const moment& sent, std::optional<std::chrono::seconds> lifetime, const refresh_policy& policy,
                     double jitter) noexcept;

// Full jitter: uniform in [0, base * 2^failures), capped by `longest`; never below a tenth of the base, so that no loop
// is hot.
std::chrono::milliseconds backoff(const refresh_policy& policy, unsigned failures, double jitter,
                                  std::chrono::milliseconds longest) noexcept;

} // namespace afresh::core
