#pragma once
// An authorization server that rotates refresh tokens and a resource server, on threads of their own over real sockets.
// Answers say whose they are; connections end as unkindly as the plan asks.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace afresh::test {

// How a connection is ended.
enum class kill { at_accept, when_idle, after_request, in_header, in_body, after_answer, count };

struct chaos_plan {
    unsigned kills_per_thousand = 0; // of requests, each way alike; and of connections at their beginning
    unsigned slow_per_thousand = 0;  // answers that come in pieces, with pauses
    std::chrono::milliseconds token_lifetime{3'600'000};
    std::chrono::milliseconds token_delay{0}; // of a token request
    unsigned threads = 1;
    unsigned seed = 1;
};

struct chaos_counts {
    std::uint64_t requests{};       // that were answered with what was asked for
    std::uint64_t refused{};        // answered with 401
    std::uint64_t token_requests{}; //
    std::uint64_t reuses{};         // of a refresh token that was spent
    std::array<std::uint64_t, static_cast<std::size_t>(kill::count)> kills{};
    std::uint64_t of(kill k) const { return kills[static_cast<std::size_t>(k)]; }
};

// GET, POST and PUT of /echo/ID/SIZE?chunked answer with `echo_of()`: the caller can tell every wrong byte.
// A request is refused when its token has expired, was revoked or is none. The token endpoint has a port of its own, and
// fails nobody.
//
// Thread safety: all functions may be called from any thread.
class chaos_server {
public:
    explicit chaos_server(const chaos_plan& plan);
    ~chaos_server();
    chaos_server(const chaos_server&) = delete;
    chaos_server& operator=(const chaos_server&) = delete;

    std::string origin() const;
    std::string token_endpoint() const;
    // The present access token is refused from now on.
    void revoke();
    // Whether the connection of this request was ended on purpose, how often it was refused.
    bool was_killed(std::uint64_t id) const;
    unsigned refusals(std::uint64_t id) const;
    void forget(std::uint64_t id);
    chaos_counts counts() const;
    std::size_t open_connections() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

std::uint64_t checksum(std::string_view bytes, std::uint64_t before = 14695981039346656037u);
// So many bytes that belong to this id and nobody else.
std::string filling(std::uint64_t id, std::size_t size);
// The answer to a request with this body: who it is for, what came, and the filling.
std::string echo_of(std::uint64_t id, std::string_view method, std::string_view body, std::size_t size);

} // namespace afresh::test
