#pragma once
/// @file
/// What a token source tells of itself, and what it reports as it happens.

#include <afresh/diagnostics.hpp>
#include <afresh/error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace afresh {

/// What a chain is about.
enum class source_state {
    empty,      ///< no usable token, and none under way: the next caller asks for one
    fresh,      ///< a usable token, and no exchange wanted
    due,        ///< a usable token; a new one is wanted or under way
    refreshing, ///< no usable token; an exchange is under way
    waiting,    ///< no usable token; the next exchange waits for backoff or a breaker
    refused,    ///< no exchange until `set_tokens()` or `retry_grant()`
    closed,
};

/// A picture of a token source at one moment. Holds no secret.
struct source_status {
    source_state state = source_state::empty;
    std::uint64_t generation{};
    std::optional<std::chrono::system_clock::time_point> due;
    std::optional<std::chrono::system_clock::time_point> expires;
    std::size_t waiters{};
    unsigned consecutive_failures{};
    error_code last_failure;        ///< of the last exchange that failed since the last success
    diagnostics last_diagnostics;   ///< what the server said then
    std::string last_detail;        ///< e.g. what the store or transport said
    bool unsaved{};                 ///< tokens are in memory only: the store could not save them yet
    bool in_doubt{};                ///< the refresh token was sent and no verdict came back
    bool durable{};                 ///< the store keeps tokens when the process ends
    std::uint64_t token_requests{}; ///< sent by this process
};

/// Something that happened to a chain, for metrics and logs. Holds no secret.
struct event {
    enum class kind {
        refresh_started,   ///< a token request is about to be sent
        refresh_succeeded, ///< it brought tokens; `elapsed` counts from the first contact with the store
        refresh_failed,    ///< no token to be had, asked for or not: `error`, `said`, `detail`
        rotated,           ///< the server handed out a new refresh token
        saved,             ///< tokens of `generation` are durable
        save_failed,       ///< they are not yet: `detail`
        adopted,           ///< a newer generation was found in the store
        store_went_back,   ///< an older one was found there: a backup or a copy? Ours, `generation`, is written again
        waiters_released,  ///< `count` callers were given a token or an error
        token_rejected,    ///< a resource answered 401: `detail` is its origin
        refresh_token_expires, ///< soon, if nobody uses it: it is used now. Failing after this is urgent
        sign_in_required,      ///< a human must sign in: `error`
        sign_in_failed,        ///< the sign-in hook threw, or brought tokens that cannot be used: `error`, `detail`
        signed_out,            ///< the chain was ended, here or by another process
        revoked,               ///< the server forgot the tokens of a chain that was signed out
        revocation_failed,     ///< it did not say that it did: `said`, `detail`
        closed,
    };
    kind what{};
    std::string key{};
    std::uint64_t generation{};
    std::chrono::milliseconds elapsed{};
    std::size_t count{};
    error_code error{};
    diagnostics said{};
    std::string detail{};
};

/// Called for each event: in order and one at a time for each chain, at the same time for different chains, on the
/// chain's strand and never on a caller's stack. It must not block: exchanges of its chain wait meanwhile. An exception
/// is swallowed.
using event_hook = std::function<void(const event&)>;

} // namespace afresh
