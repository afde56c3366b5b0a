#include "client/token_carrier.hpp"

#include "client/attach.hpp"
#include "source/chain.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace afresh {

using detail::next_step;

// A token never leaves for an origin it was not configured for (FAULTS B4).
bool token_carrier::may_go_to(const std::string& origin) const
{
    const auto& allowed = tokens_.implementation()->options.allowed_origins;
    return std::find(allowed.begin(), allowed.end(), origin) != allowed.end();
}

bool token_carrier::authorize_now(const std::string& method, const core::url_parts& to, http_fields& credentials)
{
    if (!may_go_to(to.origin)) return false;
    detail::chain& source = *tokens_.implementation();
    if (next_ == next_step::none) {
        auto* const held = source.fresh({});
        if (!held) return false;
        token_ = access_token(held);
    }
    if (token_.data().key) return false; // what can go wrong with a signature is authorize()'s to tell
    next_ = next_step::none;
    return detail::attach_now(source, token_, method, to, credentials);
}

asio::awaitable<error_code> token_carrier::authorize(const std::string& method, const core::url_parts& to,
                                                     http_fields& credentials, std::string& detail)
{
    if (!may_go_to(to.origin)) {
        detail = "the token may not be sent there; see source_options::allowed_origins";
        co_return errc::origin_not_allowed;
    }
    try {
        if (std::exchange(next_, next_step::none) == next_step::none) token_ = co_await tokens_.get();
        const detail::chain& source = *tokens_.implementation();
        if (!detail::attach_now(source, token_, method, to, credentials)) {
            access_token token = token_;
            std::string m = method;
            core::url_parts t = to;
            co_await detail::attach(source, std::move(token), std::move(m), std::move(t), credentials);
        }
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    } catch (const std::exception& e) { // of a key
        detail = e.what();
        co_return errc::misconfigured;
    }
    co_return error_code();
}

bool token_carrier::is_refusal(const std::string& origin, unsigned status, const http_fields& fields)
{
    next_ = detail::next_after(*tokens_.implementation(), token_, origin, status, fields, done_);
    return next_ != next_step::none;
}

asio::awaitable<error_code> token_carrier::renew(const std::string& origin)
{
    if (next_ == next_step::prove_again) co_return error_code();
    try {
        token_ = co_await tokens_.renew_if_current(token_, origin);
    } catch (const boost::system::system_error& e) {
        next_ = next_step::none;
        co_return e.code();
    }
    co_return error_code();
}

} // namespace afresh
