#include "net/exchange.hpp"

#include <boost/system/system_error.hpp>

namespace afresh::net {

asio::awaitable<error_code> converse(conversation& talk, const request_text& request, conversation::until until)
{
    error_code unsent = co_await talk.send(request.text());
    if (!unsent && !request.body().empty()) unsent = co_await talk.send(request.body());
    // A server may answer before it has read everything, and hang up: what it said still counts.
    if (unsent && (!talk.sent() || unsent != errc::connection_lost)) co_return unsent;
    const error_code ec = co_await talk.receive(until);
    co_return unsent&& ec ? unsent : ec;
}

asio::awaitable<exchange_result> exchange(connection& link, const request_text& request, bool to_head,
                                          const exchange_limits& limits,
                                          const std::function<error_code()>& before_first_byte)
{
    exchange_result r;
    if (before_first_byte) r.ec = before_first_byte();
    if (r.ec) co_return r;
    conversation talk(link, to_head, limits);
    try {
        r.ec = co_await converse(talk, request, conversation::until::end);
        if (!r.ec) r.response = talk.answer().take();
    } catch (const boost::system::system_error& e) {
        r.ec = e.code(); // the awaiting coroutine was cancelled between two operations
    }
    r.sent = talk.sent();
    co_return r;
}

} // namespace afresh::net
