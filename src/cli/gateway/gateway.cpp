#include "cli/gateway/gateway.hpp"

#include "cli/command/exit_code.hpp"
#include "cli/config/setup.hpp"
#include "cli/gateway/admin.hpp"
#include "cli/gateway/listener.hpp"
#include "cli/gateway/notify.hpp"
#include "cli/gateway/route.hpp"
#include "cli/gateway/token_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <memory>
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

// The same profile is the same source, whatever routes have it. The socket for tokens hands out those of all profiles.
asio::awaitable<std::shared_ptr<gateway_state>> open_parts(configuration all)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto store = open_store(executor, all);
    const auto made = std::make_shared<gateway_state>();
    for (profile p : all.profiles) {
        bool wanted = !all.gateway.tokens.empty();
        for (const route_settings& r : all.gateway.routes) {
            if (r.profile != p.name) continue;
            p.origins.push_back(r.target); // the token goes where its routes lead, and nowhere else
            wanted = true;
        }
        if (!wanted) continue;
        token_source opened = co_await open_source(p, store);
        made->sources.emplace(p.name, std::move(opened));
    }
    for (const route_settings& r : all.gateway.routes) {
        const tls_options tls = tls_of(find_profile(all, r.profile));
        made->routes.push_back(std::make_shared<route>(r, made->sources.at(r.profile), tls));
    }
    co_return made;
}

using listeners = std::vector<std::unique_ptr<listener>>;

listeners listen(const asio::any_io_executor& executor, const gateway_settings& settings,
                 const std::shared_ptr<const gateway_state>& g)
{
    listeners open;
    const auto add = [&](const std::string& address, const std::string& purpose, listener::server serve) {
        open.push_back(std::make_unique<listener>(executor, address, std::move(serve)));
        std::cerr << "afresh: listening on " << open.back()->name() << " for " << purpose << '\n';
    };
    for (const auto& r : g->routes)
        add(r->settings().listen, r->settings().target,
            [r](std::shared_ptr<inbound> in) { return r->serve(std::move(in)); });
    if (!settings.status.empty())
        add(settings.status, "status", [g](std::shared_ptr<inbound> in) { return serve_admin(std::move(in), g); });
    if (!settings.tokens.empty())
        add(settings.tokens, "tokens", [g](std::shared_ptr<inbound> in) { return serve_tokens(std::move(in), g); });
    return open;
}

asio::awaitable<void> keep_history(std::shared_ptr<gateway_state> g)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        g->lately.sample(totals_of(*g));
    }
}

asio::awaitable<void> drain(listeners& open)
{
    for (const auto& l : open) l->drain();
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto until = std::chrono::steady_clock::now() + drained_within;
    const auto busy = [](const auto& l) { return l->connections() > 0; };
    while (std::any_of(open.begin(), open.end(), busy) && std::chrono::steady_clock::now() < until) {
        timer.expires_after(std::chrono::milliseconds(20));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

asio::awaitable<int> run_gateway(configuration all)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const gateway_settings& settings = all.gateway;
    if (settings.routes.empty())
        throw configuration_error(all.path + ": has no gateway with routes; see docs/gateway.md");
    for (const route_settings& r : settings.routes) require_local(r.listen, settings.unsafe_listen);
    if (!settings.status.empty()) require_local(settings.status, settings.unsafe_listen);
    asio::signal_set signals(executor, SIGTERM, SIGINT);
    const std::shared_ptr<gateway_state> made = co_await open_parts(all);
    listeners open = listen(executor, settings, made);
    for (const auto& l : open) l->start();
    asio::co_spawn(executor, keep_history(made), asio::detached);
    for (const auto& [name, tokens] : made->sources) (void)tokens.try_get(); // the first caller need not wait for it
    notify_manager("READY=1");
    co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    notify_manager("STOPPING=1");
    std::cerr << "afresh: stopping\n";
    co_await drain(open);
    for (const auto& r : made->routes) r->close();
    for (const auto& [name, tokens] : made->sources) {
        auto saved = tokens.async_shutdown(std::chrono::seconds(10), asio::as_tuple(asio::use_awaitable));
        (void)co_await std::move(saved);
    }
    co_return exit_ok;
}

} // namespace afresh::cli
