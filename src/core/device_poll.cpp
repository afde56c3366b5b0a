#include "core/device_poll.hpp"

#include <algorithm>

namespace afresh::core {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds usual_interval = 5s; // RFC 8628 3.2
constexpr std::chrono::seconds longest_interval = 60s;

} // namespace

device_poll::device_poll(std::chrono::seconds interval, std::chrono::seconds expires_in) noexcept
    : interval_(interval > 0s ? std::min<std::chrono::seconds>(interval, 1h) : usual_interval), expires_in_(expires_in)
{
}

device_poll::step device_poll::fail(error_code ec) noexcept
{
    cause_ = ec;
    return step::failed;
}

device_poll::step device_poll::on_answer(const token_response& answer, std::string_view error) noexcept
{
    if (error == "authorization_pending") {
        lost_ = false; // nothing was spent by what was lost
        return step::ask_again;
    }
    if (error == "slow_down") {
        interval_ += 5s; // for this and all that follow
        return step::ask_again;
    }
    if (error == "access_denied" || error == "expired_token") return fail(errc::sign_in_refused);
    switch (answer.outcome) {
    case verdict::ok: return step::done;
    case verdict::in_doubt: // 3.5: a client must slow down. The next answer tells whether the code is spent.
        lost_ = true;
        interval_ = std::max(interval_, std::min(2 * interval_, longest_interval));
        return step::ask_again;
    case verdict::not_sent:
    case verdict::throttled:
    case verdict::transient:
        interval_ = std::max(interval_, std::min(2 * interval_, longest_interval));
        return step::ask_again;
    case verdict::refused: return fail(lost_ ? errc::sign_in_lost : errc::sign_in_refused);
    case verdict::quarantined: return fail(errc::malformed_response);
    case verdict::unauthorized:
    case verdict::misconfigured:
    case verdict::doubtful_misconfigured:
    case verdict::invalid_request: return fail(errc::misconfigured);
    }
    return fail(errc::misconfigured);
}

} // namespace afresh::core
