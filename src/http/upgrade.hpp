#pragma once
// From a URL to a connection that speaks another protocol (RFC 9110 7.8). Asio; Beast only in the .cpp.

#include "http/http1_client.hpp"

#include <afresh/http_upgrade.hpp>

#include <memory>
#include <string>

namespace afresh::http {

struct upgrade_result {
    error_code ec;
    std::string detail;
    http_upgrade made;
    unsigned status() const noexcept { return made.answer.status(); }
    const http_fields& fields() const noexcept { return made.answer.fields(); }
};

// As open_websocket(), for whatever protocol the request's `Upgrade` field names.
asio::awaitable<upgrade_result> open_upgrade(std::shared_ptr<http1_client> http, http_request request, authorizer* who);

} // namespace afresh::http
