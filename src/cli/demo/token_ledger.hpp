#pragma once
// The bookkeeping of a small authorization server: one grant, rotating refresh tokens, reuse detection (RFC
// 9700 4.14.2). Pure: is told the time.

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace afresh::cli {

struct ledger_statistics {
    std::uint64_t rotations{};
    std::uint64_t refused{};      // refresh tokens that were not the current one
    std::uint64_t reuse_events{}; // ... of which had been used before
};

class token_ledger {
public:
    using time_point = std::chrono::steady_clock::time_point;
    // Yields a new unguessable text at each call.
    using name_maker = std::function<std::string()>;

    token_ledger(std::chrono::seconds lifetime, name_maker make_name);

    struct issued {
        bool ok{}; // false: invalid_grant
        std::string access_token;
        std::string refresh_token;
    };
    // Spends a refresh token. One that was spent before revokes the whole family: somebody has stolen it, or lost its
    // successor, and the server cannot tell which.
    issued exchange(std::string_view refresh_token, time_point now);
    bool accepts(std::string_view access_token, time_point now) const;

    void revoke(std::string_view access_token);
    void revoke_grant();

    const std::string& current_refresh_token() const noexcept { return current_; }
    std::chrono::seconds lifetime() const noexcept { return lifetime_; }
    const ledger_statistics& statistics() const noexcept { return statistics_; }

private:
    std::chrono::seconds lifetime_;
    name_maker make_name_;
    std::string current_; // empty: the grant is revoked
    std::set<std::string, std::less<>> spent_;
    std::map<std::string, time_point, std::less<>> access_tokens_; // with the end of their life
    ledger_statistics statistics_;
};

} // namespace afresh::cli
