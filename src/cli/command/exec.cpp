#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

namespace afresh::cli {
namespace {

struct exec_options {
    std::string variable = "BEARER_TOKEN";
    unsigned min_valid = 0;
    std::vector<std::string> command;
};

asio::awaitable<int> put_token(token_source tokens, const exec_options& options)
{
    const auto wanted = get_options().min_valid(std::chrono::seconds(options.min_valid));
    const access_token token = co_await tokens.get(wanted);
    const std::string value(token.value().reveal());
    ::setenv(options.variable.c_str(), value.c_str(), 1);
    co_return exit_ok;
}

// Becomes the command.
int replace_process(const std::vector<std::string>& command)
{
    std::vector<char*> arguments;
    for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments.front(), arguments.data());
    const int why = errno;
    std::cerr << "afresh: " << command.front() << ": " << std::strerror(why) << '\n';
    return why == ENOENT ? 127 : 126; // as shells have it
}

} // namespace

runner add_exec(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("exec", "Run a command that finds a token in its environment");
    const auto options = std::make_shared<exec_options>();
    command.add_option("-p,--profile", common.profile, "Of the configuration (default: the only one)")
        ->type_name("PROFILE");
    command.add_option("--env", options->variable, "The variable")->type_name("NAME")->capture_default_str();
    command.add_option("--min-valid", options->min_valid, "The token must be good for so many seconds more")
        ->type_name("SECONDS");
    command.add_option("command", options->command, "After --")->required()->expected(-1)->type_name("COMMAND");
    command.fallthrough(false);
    return [options, &common] {
        const int code =
            run_with_source(common, [options](token_source tokens, profile) { return put_token(tokens, *options); });
        return code == exit_ok ? replace_process(options->command) : code;
    };
}

} // namespace afresh::cli
