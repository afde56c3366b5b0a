#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/command/private_output.hpp"
#include "cli/command/token_text.hpp"

#include <CLI/CLI.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

namespace afresh::cli {
namespace {

struct token_options {
    std::string format = "raw";
    unsigned min_valid = 0;
    bool force{};
    bool watch{};
    std::string write_file;
};

void emit(const access_token& token, const token_options& options)
{
    const secret_string text = token_text(token, options.format);
    if (options.write_file.empty())
        print_secret(text);
    else
        replace_private_file(options.write_file, text);
}

bool may_pass(const error_code& ec)
{
    return ec == errc::temporarily_unavailable || ec == errc::wait_timed_out || ec == errc::malformed_response ||
           ec == errc::store_failed;
}

// Until it is stopped. The source renews the token by itself; what is new is written.
asio::awaitable<int> follow(token_source tokens, token_options options, access_token last, common_options common)
{
    asio::steady_timer timer(co_await asio::this_coro::executor);
    for (;;) {
        timer.expires_after(std::chrono::seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        std::exception_ptr failed;
        try {
            const access_token token =
                co_await tokens.get(get_options().min_valid(std::chrono::seconds(options.min_valid)));
            if (token.generation() != last.generation() || !(token.value() == last.value())) emit(token, options);
            last = token;
        } catch (const boost::system::system_error& e) {
            if (!may_pass(e.code())) throw;
            failed = std::current_exception();
        }
        if (failed) report(explain(failed, common.profile), common.json);
    }
}

asio::awaitable<int> print(token_source tokens, token_options options, common_options common)
{
    const auto wanted = get_options().min_valid(std::chrono::seconds(options.min_valid));
    access_token token = co_await tokens.get(wanted);
    if (options.force) token = co_await tokens.renew_if_current(token);
    emit(token, options);
    if (options.watch) co_return co_await follow(tokens, options, token, common);
    co_return exit_ok;
}

} // namespace

runner add_token(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("token", "Print an access token that is good now");
    const auto options = std::make_shared<token_options>();
    add_profile(command, common);
    command
        .add_option("--format", options->format, "raw, json, header, env, exec-credential (kubectl), git-credential")
        ->check(CLI::IsMember({"raw", "json", "header", "env", "exec-credential", "git-credential"}).description(""))
        ->type_name("FORMAT")
        ->capture_default_str();
    command
        .add_option("--min-valid", options->min_valid, "It must be good for so many seconds more, if tokens ever are")
        ->type_name("SECONDS");
    command.add_flag("--force", options->force, "Get a new one, though the one that is held is good");
    command
        .add_option("--write-file", options->write_file,
                    "Write it into this file instead (mode 0600, replaced as a whole)")
        ->type_name("FILE");
    command.add_flag("--watch", options->watch, "Go on, and print or write each new one");
    return [options, &common] {
        common_options c = common;
        if (options->format == "raw" && common.json) options->format = "json";
        return run_with_source(c, [options, c](token_source tokens, profile) { return print(tokens, *options, c); });
    };
}

} // namespace afresh::cli
