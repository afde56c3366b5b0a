#include "http/retry.hpp"

namespace afresh::http {
namespace {

using std::chrono::milliseconds;

bool is_idempotent(std::string_view method)
{
    static constexpr std::string_view methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

// The server, or the way to it, may do better next time.
bool may_pass(const sending& how)
{
    if (how.ec)
        return how.ec == errc::resolve_failed || how.ec == errc::connect_failed || how.ec == errc::connect_timed_out ||
               how.ec == errc::tls_timed_out || how.ec == errc::connection_lost || how.ec == errc::first_byte_timed_out;
    static constexpr unsigned statuses[] = {408, 429, 500, 502, 503, 504};
    return std::find(std::begin(statuses), std::end(statuses), how.status) != std::end(statuses);
}

} // namespace

bool is_repeatable(const http_request& request)
{
    return is_idempotent(request.method()) || request.fields().contains("Idempotency-Key") ||
           request.fields().contains("X-Idempotency-Key");
}

std::optional<milliseconds> retry_in(const retry_policy& policy, unsigned attempt, bool repeatable, const sending& how,
                                     double jitter, milliseconds time_left)
{
    if (attempt >= policy.attempts || !may_pass(how)) return std::nullopt;
    if (how.sent && !repeatable) return std::nullopt;
    const milliseconds longest = std::min(policy.first * (1u << std::min(attempt, 20u)), policy.most);
    milliseconds pause(static_cast<milliseconds::rep>(static_cast<double>(longest.count()) * jitter));
    if (how.retry_after) {
        if (*how.retry_after > policy.retry_after_cap) return std::nullopt;
        pause = std::max<milliseconds>(pause, *how.retry_after);
    }
    if (pause >= time_left) return std::nullopt;
    return pause;
}

} // namespace afresh::http
