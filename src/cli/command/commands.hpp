#pragma once
// The subcommands. Each adds its options to the command line and returns how it is run, once that has been read.

#include "cli/command/session.hpp"

#include <functional>

namespace CLI {
class App;
}

namespace afresh::cli {

using runner = std::function<int()>;

runner add_token(CLI::App& app, common_options& common);
runner add_exec(CLI::App& app, common_options& common);
runner add_login(CLI::App& app, common_options& common);
runner add_logout(CLI::App& app, common_options& common);
runner add_status(CLI::App& app, common_options& common);
runner add_inspect(CLI::App& app, common_options& common);
runner add_discover(CLI::App& app, common_options& common);
runner add_request(CLI::App& app, common_options& common);
runner add_doctor(CLI::App& app, common_options& common);
runner add_gateway(CLI::App& app, common_options& common);
runner add_config(CLI::App& app, common_options& common);
runner add_demo(CLI::App& app, common_options& common);

// Of the commands that have a profile.
void add_profile(CLI::App& command, common_options& common);

} // namespace afresh::cli
