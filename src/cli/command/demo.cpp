#include "cli/demo/demo.hpp"

#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>
#include <memory>

namespace afresh::cli {

runner add_demo(CLI::App& app, common_options&)
{
    CLI::App& command = *app.add_subcommand(
        "demo", "Thousands of callers, tokens of ten seconds, an outage and revocations: no call fails");
    const auto options = std::make_shared<demo_options>();
    add_demo_options(command, *options);
    return [options] {
        try {
            check(*options);
            return options->serve ? serve_demo(*options) : run_demo(*options);
        } catch (const std::exception& e) {
            std::cerr << "afresh: " << e.what() << '\n';
            return static_cast<int>(exit_usage);
        }
    };
}

} // namespace afresh::cli
