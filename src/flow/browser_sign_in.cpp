#include <afresh/browser_sign_in.hpp>

#include "flow/browser.hpp"
#include "flow/code_flow.hpp"
#include "flow/loopback.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/concurrent_channel.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <optional>
#include <utility>

namespace afresh {
namespace detail {
namespace {

// How it ended, for the coroutine that waits.
struct outcome {
    explicit outcome(const asio::any_io_executor& ex) : done(ex, 1) {}
    asio::experimental::concurrent_channel<void(error_code)> done;
    std::optional<signed_in> user;
    std::exception_ptr error;
};

struct closing {
    std::shared_ptr<loopback> listener;
    explicit closing(std::shared_ptr<loopback> l) : listener(std::move(l)) {}
    closing(const closing&) = delete;
    closing& operator=(const closing&) = delete;
    ~closing() { listener->close(); }
};

asio::awaitable<loopback::answer> take(std::shared_ptr<code_flow> flow, secret_string kept,
                                       std::shared_ptr<outcome> out, std::string callback)
{
    loopback::answer got;
    try {
        out->user = co_await code_flow::finish(flow, std::move(kept), std::move(callback));
        got.is_final = true;
    } catch (const sign_in_error& e) {
        got.why = e.said().error_description.empty() ? e.code().message() : e.said().error_description;
        got.is_final = e.code() != errc::invalid_callback; // that was somebody else, who must not be able to end it
        if (got.is_final) out->error = std::current_exception();
    } catch (...) {
        got.why = "The program failed.";
        got.is_final = true;
        out->error = std::current_exception();
    }
    if (got.is_final) out->done.try_send(error_code());
    co_return got;
}

std::shared_ptr<loopback> listen(const asio::any_io_executor& ex, const browser_options& options)
{
    try {
        return std::make_shared<loopback>(ex, options.ipv6, options.path, options.application);
    } catch (const boost::system::system_error& e) {
        throw sign_in_error(errc::connect_failed, std::string("no port on loopback: ") + e.what());
    }
}

asio::awaitable<signed_in> run_in_browser(std::shared_ptr<code_flow> flow,
                                          std::shared_ptr<const browser_options> options)
{
    const asio::any_io_executor ex = co_await asio::this_coro::executor;
    const auto listener = listen(ex, *options); // before the URL, which names the port
    const closing at_the_end(listener);
    const auto out = std::make_shared<outcome>(ex);
    std::string redirect_uri = listener->redirect_uri();
    const started_sign_in started = co_await code_flow::start(flow, std::move(redirect_uri));
    const secret_string kept = started.kept;
    listener->start([flow, kept, out](std::string callback) { return take(flow, kept, out, std::move(callback)); });
    try {
        if (options->open_browser)
            options->open_browser(started.url);
        else
            open_system_browser(started.url);
    } catch (const std::runtime_error& e) {
        throw sign_in_error(errc::connect_failed, e.what());
    }
    asio::steady_timer limit(ex, flow->options().limit);
    limit.async_wait([out](const error_code& ec) {
        if (ec) return;
        out->done.try_send(error_code(errc::wait_timed_out));
    });
    const auto [ec] = co_await out->done.async_receive(asio::as_tuple(asio::use_awaitable));
    limit.cancel();
    if (out->error) std::rethrow_exception(out->error);
    if (out->user) co_return *std::move(out->user);
    throw sign_in_error(ec, "nobody came back from the browser");
}

} // namespace
} // namespace detail

browser_sign_in::browser_sign_in(provider server, client_registration client, sign_in_options sign_in,
                                 browser_options browser)
    : flow_(std::make_shared<detail::code_flow>(server.implementation(), std::move(client), std::move(sign_in))),
      options_(std::make_shared<const browser_options>(std::move(browser)))
{
    if (!options_->path.starts_with('/') || options_->path.find_first_of("?# \r\n") != std::string::npos)
        throw boost::system::system_error(errc::invalid_argument,
                                          "path: must begin with '/' and be nothing but a path");
}

asio::awaitable<signed_in> browser_sign_in::run() const { return detail::run_in_browser(flow_, options_); }

asio::awaitable<token_set> browser_sign_in::operator()() const
{
    const auto flow = flow_;
    const auto options = options_;
    signed_in user = co_await detail::run_in_browser(flow, options);
    co_return std::move(user.tokens);
}

} // namespace afresh
