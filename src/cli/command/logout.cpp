#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace afresh::cli {
namespace {

asio::awaitable<int> logout(token_source tokens, profile p)
{
    co_await tokens.sign_out();
    std::cerr << "Signed out of " << p.name << ".\n";
    co_return exit_ok;
}

} // namespace

runner add_logout(CLI::App& app, common_options& common)
{
    CLI::App& command =
        *app.add_subcommand("logout", "Forget the tokens, here and in all processes, and have the server revoke them");
    command.alias("revoke");
    add_profile(command, common);
    return [&common] { return run_with_source(common, logout); };
}

} // namespace afresh::cli
