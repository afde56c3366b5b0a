#include <afresh/authorized.hpp>

#include "core/challenge.hpp"
#include "core/text.hpp"
#include "core/url.hpp"

#include <boost/asio/error.hpp>

namespace afresh {

resource_answer challenge_of(const http_response& response)
{
    resource_answer answer;
    answer.status = response.status();
    for (const std::string_view value : response.fields().find_all("WWW-Authenticate"))
        answer.fields.add("WWW-Authenticate", std::string(value));
    return answer;
}

request_target target_of(const http_request& request) { return {request.method(), request.url()}; }

namespace detail {

bool asks_for_renewal(const resource_answer& answer)
{
    return core::classify_challenge(answer.status, answer.fields) == core::challenge_action::renew;
}

// A token never leaves for an origin it was not configured for (FAULTS B4).
std::string require_allowed(const token_source& tokens, const request_target& target)
{
    if (!tokens.allows(target.url))
        throw boost::system::system_error(errc::origin_not_allowed,
                                          "the token may not be sent there; see source_options::allowed_origins");
    return core::parse_url(target.url)->origin;
}

token_fields::token_fields(const access_token& token, const request_target&)
{
    fields.add("Authorization", token.authorization());
}

bool is_cancellation(const error_code& ec) noexcept { return ec == asio::error::operation_aborted; }

} // namespace detail
} // namespace afresh
