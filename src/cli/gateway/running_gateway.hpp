#pragma once
// The gateway's parts, and how one configuration takes the place of another while requests are served. Asio.

#include "cli/config/configuration.hpp"
#include "cli/gateway/context_thread.hpp"
#include "cli/gateway/event_log.hpp"
#include "cli/gateway/gateway_state.hpp"
#include "cli/gateway/listener.hpp"
#include "cli/gateway/peers.hpp"

#include <boost/asio/steady_timer.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {

// On its executor, whose thread serves requests, too.
class running_gateway {
public:
    running_gateway(asio::any_io_executor executor, const gateway_settings& settings);
    ~running_gateway();
    running_gateway(const running_gateway&) = delete;
    running_gateway& operator=(const running_gateway&) = delete;

    // Serves what this configuration says, from the next request on. Throws what is wrong with it; then nothing has
    // changed. Listeners that both have stay open, and requests under way are answered as they began.
    asio::awaitable<void> load(configuration all);
    // What came of a reload; empty: all is well.
    void reloaded(std::string refused);
    void start(); // once
    // No new connections; requests under way are served to their end, for a while.
    asio::awaitable<void> stop();

private:
    // Where it listens, and what was counted there.
    struct place {
        std::unique_ptr<listener> at;
        std::vector<std::shared_ptr<traffic>> counted;
    };
    using places = std::map<std::string, place>;

    asio::awaitable<sources_by_profile> open_sources(configuration all);
    places open_places(const gateway_settings& settings) const;
    std::vector<served_route> make_routes(const configuration& all, const sources_by_profile& sources,
                                          const places& opened) const;
    const place& at(const std::string& name, const places& opened) const;
    void serve(const gateway_settings& settings, const std::shared_ptr<const allowed_users>& others);
    void leave(const gateway_settings& settings);
    static void set(const place& p, std::size_t thread, request_handler handler, connections::greeting greeting,
                    connections::host_names hosts);
    asio::awaitable<void> tick();
    std::size_t connections_open() const;

    const asio::any_io_executor executor_;
    const event_log log_;
    const std::size_t threads_;
    std::vector<std::unique_ptr<context_thread>> further_; // threads: outlive what is on their contexts
    const std::shared_ptr<gateway_state> state_ = std::make_shared<gateway_state>();
    places places_;
    std::vector<std::unique_ptr<listener>> leaving_;
    asio::steady_timer timer_;
};

} // namespace afresh::cli
