#include "core/schedule.hpp"

#include <algorithm>

namespace afresh::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

template <class TimePoint>
TimePoint saturating_add(TimePoint t, nanoseconds by) noexcept
{
    if (by.count() >= 0 && t > TimePoint::max() - by) return TimePoint::max();
    if (by.count() < 0 && t < TimePoint::min() - by) return TimePoint::min();
    return t + std::chrono::duration_cast<typename TimePoint::duration>(by);
}

constexpr std::chrono::hours ten_years{24 * 3653};

} // namespace

milliseconds bounded(milliseconds t) noexcept { return std::clamp<milliseconds>(t, milliseconds(0), ten_years); }

moment after(const moment& from, nanoseconds by) noexcept
{
    return {saturating_add(from.mono, by), saturating_add(from.wall, by)};
}

nanoseconds since(const moment& from, const moment& now) noexcept
{
    return std::max<nanoseconds>({now.mono - from.mono, now.wall - from.wall, nanoseconds(0)});
}

milliseconds left(const moment& deadline, const moment& now) noexcept
{
    if (deadline.reached(now)) return milliseconds(0);
    return std::min(std::chrono::floor<milliseconds>(deadline.mono - now.mono),
                    std::chrono::floor<milliseconds>(deadline.wall - now.wall));
}

token_times schedule(const moment& sent, std::optional<std::chrono::seconds> lifetime, const refresh_policy& policy,
                     double jitter) noexcept
{
    using std::chrono::seconds;
    if (!lifetime || lifetime->count() <= 0)
        return {after(sent, policy.unknown_lifetime), moment::never(), after(sent, seconds(1)), std::nullopt};
    // Clamped before any arithmetic: a lifetime in seconds overflows a clock in nanoseconds.
    const seconds whole = std::min<seconds>(*lifetime, ten_years);
    const milliseconds life = whole;
    const milliseconds wanted = std::clamp<milliseconds>(life / std::max(1u, policy.ahead_divisor), policy.ahead_min,
                                                         std::max(policy.ahead_min, policy.ahead_max));
    const milliseconds ahead = std::min(wanted, life / 2);
    const milliseconds early{static_cast<milliseconds::rep>(static_cast<double>(ahead.count()) / 2 * jitter)};
    const milliseconds leeway = std::min<milliseconds>(policy.leeway_max, life / 10);
    const milliseconds floor = std::max<milliseconds>(seconds(1), life / 4);
    return {after(sent, std::max(life - ahead - early, floor)), after(sent, life - leeway), after(sent, floor), whole};
}

milliseconds backoff(const refresh_policy& policy, unsigned failures, double jitter, milliseconds longest) noexcept
{
    const double limit =
        std::min(static_cast<double>(longest.count()), static_cast<double>(policy.backoff_base.count()) *
                                                           static_cast<double>(1ull << std::min(failures, 32u)));
    const milliseconds drawn{static_cast<milliseconds::rep>(limit * jitter)};
    return std::max(drawn, policy.backoff_base / 10);
}

} // namespace afresh::core
