#pragma once
// One HTTP/1.1 request and its response over a connection. Asio.

#include "net/connection.hpp"
#include "net/request_text.hpp"

#include <afresh/http_message.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace afresh::net {

struct exchange_limits {
    // zero: no such limit
    std::chrono::milliseconds first_byte{}; // from the last byte sent; also the longest pause while sending
    std::chrono::milliseconds body_idle{};  // between reads
    std::chrono::milliseconds total{};      // from the first byte sent
    clock::time_point by = clock::time_point::max();
    std::size_t header = 64 * 1024;
    std::size_t body = 8 * 1024 * 1024;
};

struct exchange_result {
    error_code ec; // connection_lost, a *_timed_out, header_limit, body_limit, malformed_http, operation_aborted
    bool sent{};   // a byte of the request may have left this machine
    bool any_byte_received{};
    bool reusable{};                                    // the connection may carry another request
    std::optional<std::chrono::seconds> keep_alive_for; // as the server said
    http_response response;                             // complete; without error only
};

// `before_first_byte` is asked right before the first write; its error ends the exchange with nothing sent.
// Nothing is thrown for what the peer does. `link` is of no use after it unless `reusable`.
asio::awaitable<exchange_result> exchange(connection& link, const request_text& request, bool to_head,
                                          const exchange_limits& limits,
                                          const std::function<error_code()>& before_first_byte);

} // namespace afresh::net
