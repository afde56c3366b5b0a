#pragma once
// One HTTP/1.1 request and its whole answer over a connection. Asio.

#include "net/conversation.hpp"
#include "net/request_text.hpp"

#include <afresh/http_message.hpp>

#include <functional>

namespace afresh::net {

struct exchange_result {
    error_code ec; // connection_lost, a *_timed_out, header_limit, body_limit, malformed_http, operation_aborted
    bool sent{};   // a byte of the request may have left this machine
    http_response response; // complete; without error only
};

// `before_first_byte` is asked right before the first write; its error ends the exchange with nothing sent.
// Nothing is thrown for what the peer does. `link` is of no use after it.
asio::awaitable<exchange_result> exchange(connection& link, const request_text& request, bool to_head,
                                          const exchange_limits& limits,
                                          const std::function<error_code()>& before_first_byte);

} // namespace afresh::net
