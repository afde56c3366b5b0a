#pragma once

#include "http/http1_client.hpp"

#include <afresh/http_stream.hpp>

namespace afresh {

struct http_stream::state {
    explicit state(std::shared_ptr<http::http1_client> http) : keep(std::move(http)) {}

    const std::shared_ptr<http::http1_client> keep; // the pool of the connection
    http::call_result result;
};

} // namespace afresh
