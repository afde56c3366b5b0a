#pragma once
/// @file
/// What became of a request to a token endpoint. Apart from `transport`, because the pure half of Afresh reads it too.

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>

#include <string>
#include <utility>

namespace afresh {

/// What became of a request. Nothing is thrown for a failed exchange, since whether bytes were sent decides all.
class transport_outcome {
public:
    transport_outcome() = default;
    transport_outcome(error_code e, bool bytes_sent) : ec(e), sent(bytes_sent) {}
    transport_outcome(error_code e, std::string why, bool bytes_sent) : ec(e), detail(std::move(why)), sent(bytes_sent)
    {
    }
    explicit transport_outcome(http_response r) : sent(true), response(std::move(r)) {}

    error_code ec;          ///< success: `response` is complete and well framed
    std::string detail;     ///< why, where `ec` does not say it all; for a log, so never a secret
    bool sent{};            ///< at least one byte of the request was handed to the network
    http_response response; ///< valid on success only
};

} // namespace afresh
