#include "cli/gateway/gateway.hpp"

#include "cli/command/commands.hpp"

#include <CLI/CLI.hpp>

namespace afresh::cli {

runner add_gateway(CLI::App& app, common_options& common)
{
    app.add_subcommand("gateway", "Sit beside a program and put a fresh token on each of its requests");
    return [&common] {
        return run_command(common, [&] { return run_gateway(read_configuration(common.configuration)); });
    };
}

} // namespace afresh::cli
