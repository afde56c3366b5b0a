#include "cli/gateway/gateway.hpp"

#include "cli/command/exit_code.hpp"
#include "cli/gateway/notify.hpp"
#include "cli/gateway/running_gateway.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <exception>
#include <memory>
#include <utility>

namespace afresh::cli {
namespace {

// What is wrong with the new configuration leaves everything as it was.
asio::awaitable<void> reload(running_gateway& gateway, std::string path)
{
    notify_reloading();
    std::string refused;
    try {
        configuration next = read_configuration(std::move(path));
        co_await gateway.load(std::move(next));
    } catch (const std::exception& e) {
        refused = e.what();
    }
    gateway.reloaded(std::move(refused));
    notify_manager("READY=1");
}

} // namespace

asio::awaitable<int> run_gateway(configuration all)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::signal_set signals(executor, SIGTERM, SIGINT, SIGHUP);
    const std::string path = all.path;
    const auto gateway = std::make_unique<running_gateway>(executor, all.gateway);
    co_await gateway->load(std::move(all));
    gateway->start();
    notify_manager("READY=1");
    for (;;) {
        const auto [ec, signal] = co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
        if (ec || signal != SIGHUP) break;
        co_await reload(*gateway, path);
    }
    notify_manager("STOPPING=1");
    co_await gateway->stop();
    co_return exit_ok;
}

} // namespace afresh::cli
