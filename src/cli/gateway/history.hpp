#pragma once
// What the gateway has done lately: the last second, and the last hour in pieces of ten seconds. Pure.

#include "cli/gateway/traffic.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>

namespace afresh::cli {

class history {
public:
    static constexpr std::size_t pieces = 360; // of ten seconds
    struct piece {
        double per_second{};
        std::uint64_t failed{};
        std::uint64_t recovered{};
    };
    // Once a second: of all routes, since the start.
    void sample(const traffic_sum& now);

    double per_second() const noexcept { return per_second_; }
    // Of the last minute, in seconds: no more than so many of a hundred took longer. 0: there were none.
    double percentile(double share) const;
    const std::deque<piece>& hour() const noexcept { return hour_; }

private:
    traffic_sum last_;
    std::deque<traffic_sum> minute_; // each second's
    double per_second_{};
    piece current_;
    unsigned seconds_{};
    std::deque<piece> hour_;
};

} // namespace afresh::cli
