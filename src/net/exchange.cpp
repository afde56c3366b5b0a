#include "net/exchange.hpp"

#include <boost/system/system_error.hpp>

namespace afresh::net {

asio::awaitable<exchange_result> exchange(connection& link, const request_text& request, bool to_head,
                                          const exchange_limits& limits,
                                          const std::function<error_code()>& before_first_byte)
{
    exchange_result r;
    if (before_first_byte) r.ec = before_first_byte();
    if (r.ec) co_return r;
    conversation talk(link, to_head, limits);
    try {
        r.ec = co_await talk.converse(request.text(), request.body(), conversation::until::end);
        if (!r.ec) r.response = talk.answer().take();
    } catch (const boost::system::system_error& e) {
        r.ec = e.code(); // the awaiting coroutine was cancelled between two operations
    }
    r.sent = talk.sent();
    co_return r;
}

} // namespace afresh::net
