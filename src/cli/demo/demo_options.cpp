#include "cli/demo/demo_options.hpp"

#include <CLI/CLI.hpp>

#include <fstream>
#include <map>
#include <stdexcept>

namespace afresh::cli {
namespace {

// A range that the help does not spell out.
template <class Number>
CLI::Validator between(Number least, Number most)
{
    CLI::Validator range = CLI::Range(least, most);
    return range.description("");
}

template <class Duration>
void add_duration(CLI::App& group, const std::string& name, Duration& into, const std::string& text, unsigned least)
{
    const auto store = [&into](unsigned n) { into = Duration(n); };
    group.add_option_function<unsigned>(name, store, text)
        ->check(between(least, 86'400u))
        ->default_str(std::to_string(into.count()))
        ->type_name("N");
}

void add_text(CLI::App& group, const std::string& name, std::string& into, const std::string& text,
              const std::string& what)
{
    group.add_option(name, into, text)->type_name(what);
}

} // namespace

void add_demo_options(CLI::App& demo, demo_options& into)
{
    CLI::App& run = *demo.add_option_group("The run");
    add_duration(run, "--seconds", into.length, "How long it lasts", 1);
    run.add_option("--callers", into.callers, "Coroutines that call the API")
        ->check(between(1u, 100'000u))
        ->capture_default_str()
        ->type_name("N");
    add_duration(run, "--pause", into.pause, "Milliseconds between two calls of a caller, on average", 1);
    add_text(run, "--svg", into.svg, "Draw a timeline into this file", "FILE");
    add_text(run, "--store", into.store, "Keep the tokens in this SQLite file (default: a temporary one)", "FILE");
    run.add_flag("--keep", into.keep, "Do not remove the temporary one");
    run.add_flag("--plain", into.plain, "One plain line a second instead of a live display");

    CLI::App& own = *demo.add_option_group("The demo's own server");
    add_duration(own, "--token-lifetime", into.token_lifetime, "Seconds that its access tokens live", 2);
    own.add_option("--outage", into.outage_seconds,
                   "Seconds that its token endpoint is down (default: to fit the lifetime)")
        ->check(between(0.0, 3600.0))
        ->type_name("N");
    const std::map<std::string, outage> kinds{{"refused", outage::refused}, {"503", outage::unavailable}};
    own.add_option("--outage-kind", into.outage_kind, "refused: nobody listens (default). 503: it answers so")
        ->transform(CLI::Transformer(kinds).description(""))
        ->type_name("KIND");
    own.add_option("--revocations", into.revocations, "Access tokens that it revokes in a burst, 3 at most")
        ->check(between(0u, 3u))
        ->capture_default_str()
        ->type_name("N");
    own.add_flag("--sabotage", into.sabotage, "It revokes the grant half way, and the demo must fail");
    own.add_flag("--serve", into.serve, "Run only the server: print one line of JSON, serve until SIGTERM");
    own.add_option("--port", into.port, "With --serve: the port of 127.0.0.1 (default: any)")->type_name("N");

    CLI::App& real = *demo.add_option_group("A real server instead");
    real_server& r = into.real;
    add_text(real, "--issuer", r.issuer, "Its metadata names the token endpoint", "URL");
    add_text(real, "--token-endpoint", r.token_endpoint, "The token endpoint itself", "URL");
    add_text(real, "--client-id", r.client_id, "Who this client is", "ID");
    add_text(real, "--client-secret-file", r.client_secret_file, "File with its secret (default: a public client)",
             "FILE");
    real.add_option("--client-auth", r.client_auth, "How the secret is sent: basic, basic-raw or post")
        ->check(CLI::IsMember({"basic", "basic-raw", "post"}).description(""))
        ->capture_default_str()
        ->type_name("HOW");
    add_text(real, "--refresh-token-file", r.refresh_token_file,
             "File with the first refresh token; --store has its successors", "FILE");
    add_text(real, "--scope", r.scope, "Scope to ask for on each refresh", "TEXT");
    add_text(real, "--api", r.api, "What to GET with the token", "URL");
    add_text(real, "--ca-file", r.ca_file, "PEM file with the authorities to trust (default: the system's)", "FILE");
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
    if (o.store.empty())
        refuse("a real server needs --store: its refresh token is replaced, and the new one must be kept");
    if (o.serve || o.sabotage || o.outage_seconds > 0)
        refuse("--serve, --sabotage and --outage are for the demo's own server");
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
