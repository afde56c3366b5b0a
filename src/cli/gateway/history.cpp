#include "cli/gateway/history.hpp"

namespace afresh::cli {

void history::sample(const totals& now)
{
    const auto requests = now.requests - last_.requests;
    per_second_ = static_cast<double>(requests);
    current_.per_second += static_cast<double>(requests) / 10;
    current_.failed += now.failed - last_.failed;
    current_.recovered += now.recovered - last_.recovered;
    if (++seconds_ % 10 == 0) {
        hour_.push_back(current_);
        current_ = {};
        if (hour_.size() > pieces) hour_.pop_front();
    }
    last_ = now;
    minute_.push_back(now);
    if (minute_.size() > 61) minute_.pop_front();
}

double history::percentile(double share) const
{
    if (minute_.empty()) return 0;
    const http_histogram &from = minute_.front().duration, &to = minute_.back().duration;
    const bool whole = minute_.size() < 61; // then it began with nothing
    const auto in = [&](std::size_t i) { return to.buckets[i] - (whole ? 0 : from.buckets[i]); };
    std::uint64_t all = 0, below = 0;
    for (std::size_t i = 0; i < to.buckets.size(); ++i) all += in(i);
    if (all == 0) return 0;
    for (std::size_t i = 0; i < to.bounds.size(); ++i) {
        below += in(i);
        if (static_cast<double>(below) >= share * static_cast<double>(all)) return to.bounds[i];
    }
    return to.bounds.back();
}

} // namespace afresh::cli
