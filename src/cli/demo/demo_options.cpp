#include "cli/demo/demo_options.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <map>
#include <stdexcept>

namespace afresh::cli {
namespace {

template <class Duration>
void add_duration(CLI::App& group, const std::string& name, Duration& into, const std::string& text, unsigned least, unsigned most)
{
    group
        .add_option_function<unsigned>(
            name, [&into](unsigned n) { into = Duration(n); }, text)
        ->check(CLI::Range(least, most))
        ->default_str(std::to_string(into.count()));
}

} // namespace

void add_demo_options(CLI::App& demo, demo_options& into)
{
    CLI::App& run = *demo.add_option_group("The run");
    add_duration(run, "--seconds", into.length, "How long it lasts", 1, 86'400);
    run.add_option("--callers", into.callers, "Coroutines that call the API")->check(CLI::Range(1, 100'000))->capture_default_str();
    add_duration(run, "--pause", into.pause, "Milliseconds between two calls of a caller, on average", 1, 3'600'000);
    run.add_option("--svg", into.svg, "Write a timeline picture to this file")->type_name("FILE");
    run.add_option("--store", into.store, "Keep the tokens in this SQLite file (default: a temporary one)")->type_name("FILE");
    run.add_flag("--keep", into.keep, "Do not remove the temporary token store");
    run.add_flag("--plain", into.plain, "One plain line a second instead of a live display");

    CLI::App& own = *demo.add_option_group("The demo's own server");
    add_duration(own, "--token-lifetime", into.token_lifetime, "Seconds that its access tokens live", 2, 86'400);
    own.add_option("--outage", into.outage_seconds, "Seconds that its token endpoint is down (default: 3 with 10-second tokens)")
        ->check(CLI::Range(0.0, 3600.0));
    const std::map<std::string, outage> kinds{{"refused", outage::refused}, {"503", outage::unavailable}};
    own.add_option("--outage-kind", into.outage_kind, "How: connections are refused (the default), or it answers 503")
        ->transform(CLI::CheckedTransformer(kinds, CLI::ignore_case))
        ->type_name("refused|503");
    own.add_option("--revocations", into.revocations, "Access tokens that it revokes in a burst")->check(CLI::Range(0, 3))->capture_default_str();
    own.add_flag("--sabotage", into.sabotage, "It revokes the grant half way, and the demo must fail");
    own.add_flag("--serve", into.serve, "Only run the server: print one line of JSON, serve until SIGTERM");
    own.add_option("--port", into.port, "With --serve: listen on this port of 127.0.0.1 (default: any)");

    CLI::App& real = *demo.add_option_group("A real server instead");
    real.add_option("--issuer", into.real.issuer, "Issuer URL, whose metadata names the token endpoint")->type_name("URL");
    real.add_option("--token-endpoint", into.real.token_endpoint, "Token endpoint")->type_name("URL");
    real.add_option("--client-id", into.real.client_id, "Client id")->type_name("ID");
    real.add_option("--client-secret-file", into.real.client_secret_file, "File with the client secret; none: a public client")->type_name("FILE");
    real.add_option("--client-auth", into.real.client_auth, "How the secret is sent")->check(CLI::IsMember({"basic", "basic-raw", "post"}))->capture_default_str();
    real.add_option("--refresh-token-file", into.real.refresh_token_file,
                    "File with the first refresh token; its successors are in --store")->type_name("FILE");
    real.add_option("--scope", into.real.scope, "Scope to ask for on each refresh")->type_name("SCOPE");
    real.add_option("--api", into.real.api, "URL to GET with the token")->type_name("URL");
    real.add_option("--ca-file", into.real.ca_file, "PEM file with the authorities to trust (default: the system's)")->type_name("FILE");
}

void check(const demo_options& o)
{
    const auto refuse = [](const std::string& text) { throw std::invalid_argument(text); };
    const real_server& r = o.real;
    if (!r.wanted()) {
        if (!r.client_id.empty() || !r.api.empty() || !r.refresh_token_file.empty() || !r.client_secret_file.empty())
            refuse("a real server needs --issuer or --token-endpoint");
        return;
    }
    if (!r.issuer.empty() && !r.token_endpoint.empty()) refuse("give --issuer or --token-endpoint, not both");
    if (r.client_id.empty()) refuse("a real server needs --client-id");
    if (r.api.empty()) refuse("a real server needs --api");
    if (r.refresh_token_file.empty()) refuse("a real server needs --refresh-token-file");
    // In a temporary store the refresh token that the server hands out in exchange would be lost with it.
    if (o.store.empty()) refuse("a real server needs --store: its refresh token is replaced, and the new one must be kept");
    if (o.serve || o.sabotage || o.outage_seconds > 0) refuse("--serve, --sabotage and --outage are for the demo's own server");
}

std::string read_secret(const std::string& path)
{
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    if (!file.eof() && !file) throw std::runtime_error(path + ": cannot be read");
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (line.empty()) throw std::runtime_error(path + ": has no secret in its first line");
    return line;
}

} // namespace afresh::cli
