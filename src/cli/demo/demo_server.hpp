#pragma once
// An authorization server and a resource server over real sockets on loopback, in a thread of their own.

#include "cli/demo/token_ledger.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace afresh::cli {

// How a token endpoint is down.
enum class outage {
    refused,     // nobody listens
    unavailable, // answers 503
};

struct server_options {
    std::chrono::seconds token_lifetime{10};
    // Set: both servers share this port (0: any free one), and `outage::refused` would hit both. Unset: a free port
    // each.
    std::optional<std::uint16_t> shared_port;
};

struct server_statistics {
    std::uint64_t token_requests{}; // those that were not turned away by an outage
    std::uint64_t turned_away{};    // answered 503
    std::uint64_t rotations{};
    std::uint64_t reuse_events{};
    std::uint64_t calls_served{};
    std::uint64_t calls_rejected{}; // answered 401
    std::uint64_t connections{};
};

// POST /token with client_secret_basic (RFC 6749 2.3.1, 6): a new refresh token each time, and reuse detection.
// GET /api/... with a Bearer token (RFC 6750): 200, or 401 with `WWW-Authenticate: Bearer error="invalid_token"`.
//
// Thread safety: all functions may be called from any thread, but one at a time.
class demo_server {
public:
    // Listens when it returns. Throws boost::system::system_error when the port cannot be had.
    explicit demo_server(const server_options& options);
    // Stops and joins.
    ~demo_server();
    demo_server(const demo_server&) = delete;
    demo_server& operator=(const demo_server&) = delete;

    std::string token_endpoint() const;
    std::string api() const;
    std::string client_id() const;
    std::string client_secret() const;
    std::string refresh_token() const; // the one that is good now

    void begin_outage(outage kind);
    void end_outage();
    void revoke(std::string access_token);
    void revoke_grant();

    server_statistics statistics() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace afresh::cli
