// The `afresh` command.

#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace afresh::cli {

void add_profile(CLI::App& command, common_options& common)
{
    command.add_option("profile", common.profile, "Of the configuration (default: the only one)")->type_name("PROFILE");
}

} // namespace afresh::cli

int main(int argc, char** argv)
{
    using namespace afresh::cli;
    const ::rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none); // a core would have tokens in it
    CLI::App app("OAuth 2.0 access tokens that are always fresh.", "afresh");
    app.set_version_flag("--version", "afresh " AFRESH_VERSION);
    app.require_subcommand(1);
    app.fallthrough();
    common_options common;
    app.add_option("--config", common.configuration,
                   "The configuration (default: AFRESH_CONFIG, or ~/.config/afresh/config.json)")
        ->type_name("FILE");
    app.add_flag("--json", common.json, "Results and errors as JSON");
    using adding = runner (*)(CLI::App&, common_options&);
    constexpr std::array<adding, 12> all{add_login,   add_token,    add_exec,   add_request, add_status, add_logout,
                                         add_inspect, add_discover, add_doctor, add_gateway, add_config, add_demo};
    std::vector<std::pair<CLI::App*, runner>> commands;
    for (const adding add : all) {
        runner run = add(app, common);
        commands.emplace_back(app.get_subcommands({}).back(), std::move(run));
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? exit_ok : exit_usage;
    }
    for (const auto& [command, run] : commands)
        if (command->parsed()) return run();
    return exit_usage;
}
