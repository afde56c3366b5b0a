#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/config/metadata_json.hpp"

#include <afresh/http_transport.hpp>
#include <afresh/provider.hpp>

#include <CLI/CLI.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

namespace afresh::cli {
namespace {

std::string as_lines(const server_metadata& m)
{
    std::string out;
    const auto line = [&](std::string name, const std::string& value) {
        name.resize(std::max<std::size_t>(name.size() + 1, 39), ' ');
        out += name + value + "\n";
    };
    for (const metadata_text& t : metadata_texts)
        if (!(m.*t.value).empty()) line(t.name, m.*t.value);
    for (const metadata_list& l : metadata_lists) {
        std::string all;
        for (const std::string& v : m.*l.value) (all += all.empty() ? "" : " ") += v;
        if (!all.empty()) line(l.name, all);
    }
    return out;
}

struct discover_options {
    std::string issuer;
    std::string trust_roots_file;
};

asio::awaitable<int> show(discover_options options, bool json)
{
    tls_options tls;
    tls.trust_roots_file = options.trust_roots_file;
    const server_metadata m = co_await discover(options.issuer, make_http_transport(tls));
    std::cout << (json ? metadata_json(m) + "\n" : as_lines(m));
    co_return exit_ok;
}

} // namespace

runner add_discover(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("discover", "What an authorization server says of itself (RFC 8414)");
    const auto options = std::make_shared<discover_options>();
    command.add_option("issuer", options->issuer, "Its issuer identifier, an https URL")
        ->required()
        ->type_name("ISSUER");
    command.add_option("--trust-roots", options->trust_roots_file, "PEM file with the authorities to trust")
        ->type_name("FILE");
    return [options, &common] { return run_command(common, [&] { return show(*options, common.json); }); };
}

} // namespace afresh::cli
