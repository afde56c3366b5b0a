#include "client/bearer.hpp"

#include "core/challenge.hpp"
#include "source/chain.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>

namespace afresh {

// A token never leaves for an origin it was not configured for (FAULTS B4).
bool bearer::may_go_to(const std::string& origin) const
{
    const auto& allowed = tokens_.implementation()->options.allowed_origins;
    return std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
}

bool bearer::authorize_now(const std::string& origin, http_fields& credentials)
{
    if (!may_go_to(origin)) return false;
    if (!renewed_) {
        auto* const held = tokens_.implementation()->fresh({});
        if (!held) return false;
        token_ = access_token(held);
    }
    renewed_ = false;
    credentials.add("Authorization", token_.authorization());
    return true;
}

asio::awaitable<error_code> bearer::authorize(const http_request&, const std::string& origin, http_fields& credentials,
                                              std::string& detail)
{
    if (authorize_now(origin, credentials)) co_return error_code();
    if (!may_go_to(origin)) {
        detail = "the token may not be sent there; see source_options::allowed_origins";
        co_return errc::origin_not_allowed;
    }
    try {
        token_ = co_await tokens_.get();
        credentials.add("Authorization", token_.authorization());
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

bool bearer::is_refusal(unsigned status, const http_fields& fields)
{
    return core::classify_challenge(status, fields) == core::challenge_action::renew;
}

asio::awaitable<error_code> bearer::renew(const std::string& origin)
{
    try {
        token_ = co_await tokens_.renew_if_current(token_, origin);
        renewed_ = true;
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

} // namespace afresh
