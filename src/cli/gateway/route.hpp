#pragma once
// One API behind the gateway: where requests for it come in, whose token they get, and what was counted.

#include "cli/config/configuration.hpp"
#include "cli/gateway/inbound.hpp"

#include <afresh/http_client.hpp>
#include <afresh/http_metrics.hpp>
#include <afresh/token_source.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace afresh::cli {

class route : public std::enable_shared_from_this<route> {
public:
    route(route_settings settings, token_source tokens, const tls_options& tls);

    // One connection, request after request.
    asio::awaitable<void> serve(std::shared_ptr<inbound> in);

    const route_settings& settings() const noexcept { return settings_; }
    const token_source& tokens() const noexcept { return tokens_; }
    void close();

    struct counted {
        std::array<std::uint64_t, 6> by_class{}; // of the status: 1xx to 5xx; [0]: broken off
        std::uint64_t in_flight{};
        http_histogram duration{}; // from the request's header to the answer's end
    };
    const counted& count() const noexcept { return count_; }
    http_metrics metrics() const { return api_.metrics(); }

private:
    asio::awaitable<void> forward(inbound& in, unsigned& status);
    asio::awaitable<void> pass_on(inbound& in, http_request request, unsigned& status);

    route_settings settings_;
    token_source tokens_;
    http_client api_;
    counted count_;
};

} // namespace afresh::cli
