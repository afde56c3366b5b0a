#include "cli/command/session.hpp"

#include "cli/command/exit_code.hpp"
#include "cli/config/setup.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <utility>

namespace afresh::cli {
namespace {

asio::awaitable<void> close(token_source tokens)
{
    auto done = tokens.async_shutdown(std::chrono::seconds(5), asio::as_tuple(asio::use_awaitable));
    (void)co_await std::move(done); // what could not be saved was told by the work
}

// A command says what was meant, where a server or the network said something: status() has it.
[[noreturn]] void rethrow_with_detail(const boost::system::system_error& e, const token_source& tokens)
{
    const source_status s = tokens.status();
    std::string why = s.last_diagnostics.error;
    if (!s.last_diagnostics.error_description.empty())
        why += (why.empty() ? "" : ": ") + s.last_diagnostics.error_description;
    if (why.empty()) why = s.last_detail;
    if (why.empty()) throw e;
    throw boost::system::system_error(e.code(), why);
}

asio::awaitable<int> work_with(configuration all, profile p,
                               std::function<asio::awaitable<int>(token_source, profile)> work)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    auto store = open_store(executor, all);
    const token_source tokens = co_await open_source(all, p, std::move(store));
    int code = exit_ok;
    std::exception_ptr failed;
    try {
        code = co_await work(tokens, p);
    } catch (...) {
        failed = std::current_exception();
    }
    co_await close(tokens);
    if (!failed) co_return code;
    try {
        std::rethrow_exception(failed);
    } catch (const boost::system::system_error& e) {
        rethrow_with_detail(e, tokens);
    }
}

} // namespace

int run_command(const common_options& options, const std::function<asio::awaitable<int>()>& work)
{
    std::exception_ptr failed;
    int code = exit_ok;
    try {
        asio::io_context context(1);
        asio::co_spawn(context, work(), [&](std::exception_ptr e, int c) {
            failed = e;
            code = c;
            context.stop();
        });
        context.run();
    } catch (...) {
        failed = std::current_exception();
    }
    return failed ? report(explain(failed, options.profile), options.json) : code;
}

int run_with_source(const common_options& options,
                    const std::function<asio::awaitable<int>(token_source, profile)>& work)
{
    try {
        configuration all = read_configuration(options.configuration);
        profile p = find_profile(all, options.profile);
        common_options named = options;
        named.profile = p.name;
        return run_command(named, [&] { return work_with(std::move(all), std::move(p), work); });
    } catch (...) {
        return report(explain(std::current_exception(), options.profile), options.json);
    }
}

} // namespace afresh::cli
