#pragma once

#include "http/http1_client.hpp"

#include <afresh/http_stream.hpp>

namespace afresh {

struct http_stream::state {
    std::shared_ptr<http::http1_client> keep; // the pool of the connection
    http::answer got;
    std::string url;
};

} // namespace afresh
