// The `afresh` command.

#include "cli/demo/demo.hpp"

#include <CLI/CLI.hpp>

#include <exception>
#include <iostream>

int main(int argc, char** argv)
{
    using namespace afresh::cli;
    CLI::App app("OAuth 2.0 access tokens that are always fresh.", "afresh");
    app.set_version_flag("--version", "afresh " AFRESH_VERSION);
    app.require_subcommand(1);
    demo_options options;
    CLI::App& demo = *app.add_subcommand(
        "demo", "Thousands of callers, tokens of ten seconds, an outage and revocations: no call fails");
    add_demo_options(demo, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : 2;
    }
    try {
        check(options);
        return options.serve ? serve_demo(options) : run_demo(options);
    } catch (const std::exception& e) {
        std::cerr << "afresh: " << e.what() << '\n';
        return 2;
    }
}
