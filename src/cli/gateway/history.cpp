#include "cli/gateway/history.hpp"

namespace afresh::cli {
namespace {

std::uint64_t since(std::uint64_t before, std::uint64_t now) { return now > before ? now - before : 0; }

} // namespace

void history::sample(const traffic_sum& now)
{
    const auto requests = since(last_.requests(), now.requests());
    per_second_ = static_cast<double>(requests);
    current_.per_second += static_cast<double>(requests) / 10;
    current_.failed += since(last_.failed(), now.failed());
    current_.recovered += since(last_.replayed, now.replayed);
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
    const bool whole = minute_.size() < 61; // then it began with nothing
    const auto in = [&](std::size_t i) {
        return since(whole ? 0 : minute_.front().durations[i], minute_.back().durations[i]);
    };
    std::uint64_t all = 0, below = 0;
    for (std::size_t i = 0; i <= duration_bounds.size(); ++i) all += in(i);
    if (all == 0) return 0;
    for (std::size_t i = 0; i < duration_bounds.size(); ++i) {
        below += in(i);
        if (static_cast<double>(below) >= share * static_cast<double>(all)) return duration_bounds[i];
    }
    return duration_bounds.back();
}

} // namespace afresh::cli
