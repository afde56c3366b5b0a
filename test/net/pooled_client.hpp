#pragma once
// An HTTP client whose limits a test sets before it first asks for it.

#include "http/http1_client.hpp"
#include "support/raw_server.hpp"

#include <boost/asio/io_context.hpp>

#include <optional>

namespace afresh::test {

struct pooled_client {
    boost::asio::io_context context;
    http_limits limits = without_sweep();
    std::optional<http::http1_client> made;

    http::http1_client& client()
    {
        if (!made) made.emplace(context.get_executor(), tls_options(), limits);
        return *made;
    }
};

} // namespace afresh::test
