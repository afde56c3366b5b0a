#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/config/configuration.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace afresh::cli {

runner add_config(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("config", "The configuration file");
    command.require_subcommand(1);
    command.add_subcommand("check", "Say whether it has mistakes, and on which line; nobody is asked for anything");
    return [&common] {
        try {
            const configuration all = read_configuration(common.configuration);
            std::cout << all.path << ": " << all.profiles.size()
                      << (all.profiles.size() == 1 ? " profile" : " profiles") << ", no mistakes\n";
            return static_cast<int>(exit_ok);
        } catch (...) {
            return report(explain(std::current_exception(), {}), common.json);
        }
    };
}

} // namespace afresh::cli
