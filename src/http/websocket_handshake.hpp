#pragma once
// From a URL to an open WebSocket (RFC 6455 4). Asio; Beast only in the .cpp.

#include "http/http1_client.hpp"

#include <afresh/websocket.hpp>

#include <memory>
#include <string>

namespace afresh::http {

struct websocket_result {
    error_code ec;
    std::string detail;
    std::shared_ptr<websocket::state> made; // null without an error: refused
    http_response refused;
    unsigned status() const noexcept;
    const http_fields& fields() const noexcept;
};

// `who` may exchange refused credentials, once: then there is one more handshake. Redirects are not followed (RFC 6455
// 4.1 leaves that to the client, and what was asked for is a connection to that origin).
asio::awaitable<websocket_result> open_websocket(std::shared_ptr<http1_client> http, http_request request,
                                                 websocket_options options, authorizer* who);

} // namespace afresh::http
