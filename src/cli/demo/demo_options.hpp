#pragma once
// What `afresh demo` can be told.

#include "cli/demo/demo_server.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace afresh::cli {

// A real authorization server and API, instead of those that the demo brings.
struct real_server {
    std::string issuer;         // or:
    std::string token_endpoint; // neither: the demo's own
    std::string client_id;
    std::string client_secret_file; // empty: a public client
    std::string client_auth = "basic";
    std::string refresh_token_file;
    std::string scope;
    std::string api;
    std::string ca_file;
    bool wanted() const noexcept { return !issuer.empty() || !token_endpoint.empty(); }
};

struct demo_options {
    std::chrono::seconds length{30};
    unsigned callers = 2000;
    std::chrono::milliseconds pause{400};
    std::string svg;
    std::string store; // empty: a temporary one
    bool keep{};
    bool plain{};
    real_server real;

    // Of the demo's own server.
    std::chrono::seconds token_lifetime{10};
    double outage_seconds = -1; // negative: chosen to fit the lifetime
    outage outage_kind = outage::refused;
    unsigned revocations = 3;
    bool sabotage{};
    bool serve{};
    std::uint16_t port{};
};

// Adds `demo` to the command. Secrets come from files only: a command line is seen by every user of the machine.
void add_demo_options(CLI::App& demo, demo_options& into);

// What does not fit together; throws std::invalid_argument that says what to do.
void check(const demo_options& options);

// The first line of a file, for a secret. Throws std::runtime_error.
std::string read_secret(const std::string& path);

} // namespace afresh::cli
