#include "cli/gateway/gateway.hpp"

#include "cli/command/exit_code.hpp"
#include "cli/config/setup.hpp"
#include "cli/gateway/admin.hpp"
#include "cli/gateway/listener.hpp"
#include "cli/gateway/notify.hpp"
#include "cli/gateway/route.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <iostream>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

constexpr std::chrono::seconds drained_within(30);

void require_local(const std::string& address, bool unsafe)
{
    if (unsafe || parse_listen_address(address).is_local) return;
    throw configuration_error(
        "gateway: listen " + address +
        " can be reached from other machines, which would use your tokens; listen on loopback or a "
        "UNIX socket, or write \"unsafe_listen\": true");
}

// The same profile is the same source, whatever routes have it.
asio::awaitable<std::shared_ptr<routes>> open_routes(configuration all)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto store = open_store(executor, all);
    const auto made = std::make_shared<routes>();
    std::map<std::string, token_source> sources;
    for (const route_settings& r : all.gateway.routes) {
        profile p = find_profile(all, r.profile);
        // The token goes where its routes lead, and nowhere else.
        for (const route_settings& other : all.gateway.routes)
            if (other.profile == r.profile) p.origins.push_back(other.target);
        auto found = sources.find(r.profile);
        if (found == sources.end()) {
            token_source opened = co_await open_source(p, store);
            found = sources.emplace(r.profile, std::move(opened)).first;
        }
        made->push_back(std::make_shared<route>(r, found->second, tls_of(p)));
    }
    co_return made;
}

using listeners = std::vector<std::unique_ptr<listener>>;

listeners listen(const asio::any_io_executor& executor, const gateway_settings& settings,
                 const std::shared_ptr<routes>& all)
{
    listeners open;
    for (const auto& r : *all)
        open.push_back(std::make_unique<listener>(
            executor, r->settings().listen, [r](std::shared_ptr<inbound> in) { return r->serve(std::move(in)); }));
    if (!settings.status.empty())
        open.push_back(std::make_unique<listener>(
            executor, settings.status, [all](std::shared_ptr<inbound> in) { return serve_admin(std::move(in), all); }));
    return open;
}

asio::awaitable<void> drain(listeners& open)
{
    for (const auto& l : open) l->drain();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto until = std::chrono::steady_clock::now() + drained_within;
    const auto busy = [&] {
        for (const auto& l : open)
            if (l->connections() > 0) return true;
        return false;
    };
    while (busy() && std::chrono::steady_clock::now() < until) {
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

asio::awaitable<int> run_gateway(configuration all)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    if (all.gateway.routes.empty())
        throw configuration_error(all.path + ": has no gateway with routes; see docs/gateway.md");
    for (const route_settings& r : all.gateway.routes) require_local(r.listen, all.gateway.unsafe_listen);
    if (!all.gateway.status.empty()) require_local(all.gateway.status, all.gateway.unsafe_listen);
    const std::shared_ptr<routes> made = co_await open_routes(all);
    listeners open = listen(executor, all.gateway, made);
    asio::signal_set signals(executor, SIGTERM, SIGINT);
    for (std::size_t i = 0; i < open.size(); ++i) {
        open[i]->start();
        const bool is_status = i >= made->size();
        std::cerr << "afresh: listening on " << open[i]->name()
                  << (is_status ? " for status" : " for " + (*made)[i]->settings().target) << '\n';
    }
    for (const auto& r : *made) (void)r->tokens().try_get(); // the first caller need not wait for it
    notify_manager("READY=1");
    co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    notify_manager("STOPPING=1");
    std::cerr << "afresh: stopping\n";
    co_await drain(open);
    for (const auto& r : *made) r->close();
    for (const auto& r : *made) {
        auto saved = r->tokens().async_shutdown(std::chrono::seconds(10), asio::as_tuple(asio::use_awaitable));
        (void)co_await std::move(saved);
    }
    co_return exit_ok;
}

} // namespace afresh::cli
