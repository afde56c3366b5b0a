#pragma once
// Whether a call that failed is repeated. Pure.

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>
#include <afresh/http_rules.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

namespace afresh::http {

// How a sending of a request ended.
struct sending {
    error_code ec;
    bool sent{};
    unsigned status{}; // without error
    std::optional<std::chrono::seconds> retry_after;
};

// RFC 9110 9.2.2, and draft-ietf-httpapi-idempotency-key-header.
bool is_repeatable(const http_request& request);

// What all calls of a client may add to the load. Not thread-safe.
class retry_budget {
public:
    explicit retry_budget(double per_call) : per_call_(per_call) {}
    void earn() { tokens_ = std::min(tokens_ + per_call_, most); }
    bool spend()
    {
        if (tokens_ < 1) return false;
        tokens_ -= 1;
        return true;
    }

private:
    static constexpr double most = 100;
    double per_call_;
    double tokens_ = 10;
};

// The pause before the next attempt; nothing: there is none. `attempt` counts the retries made; `jitter` in [0, 1).
std::optional<std::chrono::milliseconds> retry_in(const retry_policy& policy, unsigned attempt, bool repeatable,
                                                  const sending& how, double jitter,
                                                  std::chrono::milliseconds time_left);

} // namespace afresh::http
