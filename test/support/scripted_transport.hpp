#pragma once
// An authorization server in memory, behind the transport seam. It rotates on every use, notices reuse, and fails as it
// is told. Refresh tokens are called FAMILY-N, and FAMILY-0 is what the program begins with.

#include <afresh/transport.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace afresh::test {

// What becomes of one token request.
struct request_fate {
    enum class kind {
        answered,      // 200
        not_reached,   // nothing was sent
        refused,       // 400 invalid_grant
        unavailable,   // 503, nothing consumed
        throttled,     // 429, come back after `retry_after`
        cut,           // sent, and never seen by the server
        lost,          // rotated, and the answer is lost
        throws_unsent, // the transport throws before it sends
        throws_sent,   // ... after the server has rotated; and what it throws is no std::exception
    };
    kind end = kind::answered;
    std::chrono::microseconds time{}; // between the first byte and the end
    std::chrono::seconds retry_after{};
};

class scripted_transport final : public transport {
public:
    using script = std::function<request_fate(unsigned number)>; // requests count from 1

    // Access tokens live so long.
    std::chrono::seconds lifetime{3600};
    // A refresh token that is not used lives so long; 0: the server does not say.
    std::chrono::seconds refresh_lifetime{};
    // A refresh token may be used again, as long as its successor was not used.
    bool grace = false;
    // Access tokens say for which resource and scope they are.
    bool names_audiences = false;
    // Handlers that each request takes before and after the first byte.
    unsigned steps_each = 2;

    void plan(script s);
    // For requests to revoke a token, which count from 1 among themselves.
    void plan_revocations(script s);
    asio::awaitable<transport_outcome> send(transport_request request) override;

    struct family {
        unsigned current{};     // FAMILY-current is the refresh token that is good now
        unsigned requests{};    // that were seen
        unsigned generations{}; // that were answered with tokens, whether or not the answer arrived
        unsigned reuses{};      // of a refresh token that was rotated away
        unsigned open{};        // requests under way
        unsigned most_open{};
        bool revoked{};
        std::string delivered; // the newest refresh token whose answer arrived
    };
    family seen(const std::string& name = "alice") const;
    std::string current(const std::string& name = "alice") const;
    std::vector<std::string> revoked() const;
    unsigned requests() const; // of all families, also those that never arrived
    // The first byte of this many requests has left.
    unsigned bytes_sent() const;

private:
    transport_outcome serve(const transport_request& request);
    asio::awaitable<transport_outcome> revoke(transport_request request);

    mutable std::mutex mutex_;
    script script_;
    script revocation_script_;
    std::vector<std::string> revoked_;
    unsigned revocations_{};
    std::map<std::string, family> families_;
    unsigned requests_{};
    unsigned bytes_sent_{};
};

} // namespace afresh::test
