#include <afresh/authorized.hpp>

#include "client/attach.hpp"
#include "core/challenge.hpp"
#include "core/url.hpp"
#include "source/chain.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>

#include <utility>

namespace afresh {

resource_answer challenge_of(const http_response& response)
{
    resource_answer answer;
    answer.status = response.status();
    for (const char* const name : challenge_fields)
        for (const std::string_view value : response.fields().find_all(name))
            answer.fields.add(name, std::string(value));
    return answer;
}

request_target target_of(const http_request& request) { return {request.method(), request.url()}; }

namespace detail {
namespace {

core::url_parts parts_of(const request_target& target)
{
    auto to = core::parse_url(target.url);
    if (!to) throw boost::system::system_error(to.error());
    return *std::move(to);
}

asio::awaitable<void> attach_all(token_source tokens, access_token token, request_target target,
                                 std::shared_ptr<token_fields> into)
{
    core::url_parts to = parts_of(target);
    co_await attach(*tokens.implementation(), std::move(token), std::move(target.method), std::move(to), into->fields);
}

} // namespace

// A token never leaves for an origin it was not configured for (FAULTS B4).
std::string require_allowed(const token_source& tokens, const request_target& target)
{
    if (!tokens.allows(target.url))
        throw boost::system::system_error(errc::origin_not_allowed,
                                          "the token may not be sent there; see source_options::allowed_origins");
    return core::parse_url(target.url)->origin;
}

bool attach_now(const token_source& tokens, const access_token& token, const request_target& target,
                http_fields& fields)
{
    return attach_now(*tokens.implementation(), token, target.method, parts_of(target), fields);
}

void start_attaching(const token_source& tokens, const access_token& token, const request_target& target,
                     std::shared_ptr<token_fields> into, attach_handler handler)
{
    // Signing is never cancelled: a caller that does not wait any more is told when it is done.
    asio::co_spawn(tokens.get_executor(), attach_all(tokens, token, target, std::move(into)),
                   asio::bind_cancellation_slot(asio::cancellation_slot(), std::move(handler)));
}

next_step next_after(const resource_answer& answer, const token_source& tokens, const access_token& sent,
                     const std::string& origin, replays& done)
{
    return next_after(*tokens.implementation(), sent, origin, answer.status, answer.fields, done);
}

bool is_cancellation(const error_code& ec) noexcept { return ec == asio::error::operation_aborted; }

} // namespace detail
} // namespace afresh
