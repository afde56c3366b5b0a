#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/config/setup.hpp"

#include <afresh/browser_sign_in.hpp>
#include <afresh/device_sign_in.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <utility>

namespace afresh::cli {
namespace {

struct login_options {
    bool device{};
    bool no_browser{};
    std::string login_hint;
};

asio::awaitable<signed_in> sign_in(const profile& p, const login_options& options)
{
    provider_options how;
    how.transport = make_http_transport(tls_of(p));
    const provider server(p.issuer, how);
    server_metadata known = co_await server.metadata();
    if (!p.certificate_chain_file.empty()) known = known.with_mtls_aliases();
    client_registration client = registration_of(p, known);
    sign_in_options wanted;
    if (!p.scope.empty()) wanted.scope = p.scope;
    if (!p.resource.empty()) wanted.resources.push_back(p.resource);
    wanted.login_hint = options.login_hint;
    if (options.device) {
        const device_sign_in device(server, std::move(client), std::move(wanted),
                                    [](const device_prompt& prompt) { std::cerr << prompt.text() << std::flush; });
        co_return co_await device.run();
    }
    browser_options browser;
    browser.path = p.redirect_path;
    browser.application = "afresh";
    if (options.no_browser)
        browser.open_browser = [](const std::string& url) {
            std::cerr << "To sign in, open on this machine\n\n    " << url << "\n\n" << std::flush;
        };
    const browser_sign_in flow(server, std::move(client), std::move(wanted), std::move(browser));
    co_return co_await flow.run();
}

asio::awaitable<int> login(token_source tokens, profile p, login_options options)
{
    if (p.grant != "refresh_token")
        throw configuration_error("profiles." + p.name + ": gets its tokens by " + p.grant +
                                  "; nobody signs in for it");
    if (p.issuer.empty())
        throw configuration_error("profiles." + p.name + ": has no issuer, and so no page to sign in at");
    signed_in user = co_await sign_in(p, options);
    const bool lasts = !user.tokens.refresh_token().empty();
    token_set got = std::move(user.tokens);
    co_await tokens.set_tokens(std::move(got));
    std::cerr << "Signed in" << (user.subject.empty() ? "" : " as " + user.subject) << ".\n";
    if (!lasts)
        std::cerr << "The server gave no refresh token: this ends with the access token. Perhaps the scope should have "
                     "offline_access.\n";
    co_return exit_ok;
}

} // namespace

runner add_login(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("login", "Sign in, with the browser or on another device");
    const auto options = std::make_shared<login_options>();
    add_profile(command, common);
    command.add_flag("--device", options->device, "Show a code, to be entered on another device (RFC 8628)");
    command.add_flag("--no-browser", options->no_browser, "Print the URL instead of opening a browser");
    command.add_option("--login-hint", options->login_hint, "Who is likely to sign in")->type_name("TEXT");
    return [options, &common] {
        return run_with_source(common,
                               [options](token_source tokens, profile p) { return login(tokens, p, *options); });
    };
}

} // namespace afresh::cli
