#pragma once
// One API behind the gateway, for the callers that one thread serves.

#include "cli/config/configuration.hpp"
#include "cli/gateway/event_log.hpp"
#include "cli/gateway/inbound.hpp"
#include "cli/gateway/traffic.hpp"

#include <afresh/http_client.hpp>
#include <afresh/http_metrics.hpp>
#include <afresh/token_source.hpp>

#include <memory>
#include <string>

namespace afresh::cli {

// On its executor, but for metrics(), which is for all threads.
class route {
public:
    route(asio::any_io_executor executor, route_settings settings, token_source tokens, const tls_options& tls,
          std::shared_ptr<traffic> counted, const event_log& log);

    // One request, which was read. Whoever asks keeps this until it is answered.
    asio::awaitable<void> answer(std::shared_ptr<inbound> in);

    void close() { api_.close(); }
    http_metrics metrics() const { return api_.metrics(); }
    std::uint64_t replayed() const; // after a 401

private:
    asio::awaitable<void> forward(const std::shared_ptr<inbound>& in, unsigned& status, std::string& why);
    asio::awaitable<void> take_body(inbound& in, http_request& request);
    asio::awaitable<void> switch_protocols(const std::shared_ptr<inbound>& in, http_request request, unsigned& status);
    void tell(const inbound& in, const std::string& status, bool failed, std::chrono::nanoseconds took,
              const std::string& why) const;

    const route_settings settings_;
    http_client api_;
    const std::shared_ptr<traffic> counted_;
    const event_log& log_;
};

} // namespace afresh::cli
