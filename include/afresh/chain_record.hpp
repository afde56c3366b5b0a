#pragma once
/// @file
/// What a store keeps of a chain, and the only ways in which it changes.

#include <afresh/error.hpp>
#include <afresh/export.hpp>
#include <afresh/result.hpp>
#include <afresh/secret_string.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace afresh {

/// The store's own clock (for a database: the database's), so that several machines agree on the times in a record.
using store_time = std::chrono::system_clock::time_point;

/// An access token as stored, for one (scope, resource, DPoP key).
struct stored_token {
    std::string scope;    ///< as requested: part of the key
    std::string resource; ///< part of the key
    std::string dpop_jkt; ///< part of the key; empty: a Bearer token
    secret_string access_token;
    secret_string id_token;
    std::string token_type;
    std::string granted_scope;
    store_time obtained_at{};
    std::optional<store_time> expires_at; ///< unset: the server named no lifetime
    std::uint64_t generation{};           ///< of the exchange that brought it
    bool operator==(const stored_token&) const = default;
};

/// A durable note about a refresh token: that it is about to be, or was, sent.
struct send_intent {
    std::string rt_hash;        ///< of the refresh token sent; empty: no intent
    store_time first_sent_at{}; ///< of this refresh token
    std::uint32_t attempts{};   ///< times it was sent
    bool in_doubt{};            ///< an earlier attempt ended without a verdict
    bool operator==(const send_intent&) const = default;
};

/// The key that a chain's refresh token and access tokens are bound to (RFC 9449 5, 6).
struct dpop_binding {
    std::string jkt;       ///< its thumbprint (RFC 7638); empty: nothing is bound
    std::string algorithm; ///< RFC 7518 3.1
    secret_string key;     ///< PEM; empty: it lives elsewhere
    std::string nonce;     ///< the last one of the authorization server
    bool operator==(const dpop_binding&) const = default;
};

/// The right to run the exchange of a chain.
struct lease {
    std::string owner;     ///< empty: free
    std::uint64_t fence{}; ///< grows with every take-over
    store_time until{};
    bool operator==(const lease&) const = default;
};

enum class grant_state { live, dead, signed_out };

/// A chain: one refresh token and its successors. The row of a store.
struct chain_record {
    std::uint64_t generation{}; ///< successful exchanges; never goes back, also not through sign-out
    grant_state state = grant_state::live;
    secret_string refresh_token;
    std::string rt_hash; ///< of `refresh_token`
    dpop_binding dpop;
    std::string session; ///< claims of the original ID token, as JSON (OpenID Connect Core 12.2); empty: there was none
    /// When it dies if nobody uses it, as far as that is known.
    std::optional<store_time> refresh_expires_at;
    std::string seed_hash; ///< of the refresh token the program began this chain with
    /// Of the other refresh tokens the program ever gave this chain, newest first, `max_other_seeds` at most. None of
    /// these may begin it anew: they are spent, or an older sign-in.
    std::vector<std::string> other_seeds;
    std::vector<stored_token> tokens;
    send_intent intent;
    lease holder;
    store_time not_before{};              ///< no exchange before this: backoff shared by all processes
    std::chrono::milliseconds retry_in{}; ///< the whole of that pause: more is never left, unless a clock was set
    std::string last_cause;               ///< why, in words without a secret
    static constexpr std::size_t max_other_seeds = 8;
    bool operator==(const chain_record&) const = default;
};

/// Whether the program already gave this chain the refresh token with this hash, or the chain holds it now. Such a
/// token must not begin it anew: it is spent, or is what the chain has.
AFRESH_EXPORT bool was_given(const chain_record& record, std::string_view rt_hash) noexcept;

/// How an exchange failed, as far as the record is concerned.
enum class exchange_failure {
    not_sent,     ///< no byte left: the attempt did not happen
    not_consumed, ///< a verdict that leaves the refresh token as it was (429, bare 401, invalid_client, ...)
    in_doubt,     ///< bytes were sent and no verdict came back
    refused,      ///< `invalid_grant`
};

/// Everything a program may ask of a chain's record. Each is one transaction: read the record, `apply()`, write it
/// back.
struct store_command {
    enum class kind {
        load,          ///< read only
        take_lease,    ///< owner, ttl
        renew_lease,   ///< fence, ttl
        release_lease, ///< fence
        write_intent,  ///< fence, ttl, generation, rt_hash: durable before the request's first byte; renews the lease
        save_success,  ///< generation, rt_hash (sent), tokens...: whatever the fence, once per generation
        save_failure,  ///< fence, generation, failure, retry_in, cause; releases the lease
        replace,  ///< fence, generation (last seen), tokens...: new sign-in; raises the generation, revives, releases
        sign_out, ///< fence: wipes the tokens, leaves a tombstone with the generation
        revive,   ///< fence: lifts a dead mark
    };
    store_command() = default;
    explicit store_command(kind k) : what(k) {}

    kind what = kind::load;
    std::string owner;
    std::chrono::milliseconds ttl{};
    std::uint64_t fence{};
    std::uint64_t generation{};
    std::string rt_hash;             ///< of the refresh token sent
    secret_string new_refresh_token; ///< save_success: empty keeps the old one; safest is the one now valid
    std::string new_rt_hash;
    std::optional<store_time> refresh_expires_at; ///< save_success
    /// replace, sign_out: of the token the program began with; empty keeps the one that is known
    std::string seed_hash;
    std::optional<stored_token> token; ///< save_success, replace
    dpop_binding dpop;                 ///< save_success, replace: of what they bring
    std::string session;               ///< likewise
    bool keep_lease{};                 ///< replace: an exchange follows
    exchange_failure failure = exchange_failure::not_sent;
    std::chrono::milliseconds retry_in{}; ///< save_failure: `not_before` is this from now
    std::string cause;
};

/// The answer to a command.
struct store_reply {
    enum class status {
        ok,
        busy,       ///< take_lease: somebody else holds it; see `record.holder.until`
        fenced,     ///< the lease was lost: nothing was written
        superseded, ///< the generation has moved: nothing was written; adopt `record`
        signed_out, ///< there is a tombstone: nothing was written. save_success: revoke what you got
        failed,     ///< the store itself failed; `error` and `error_text` say how. Whether it was written is unknown.
                    ///< `errc::invalid_argument`: the command lacks what it needs (nothing was written).
    };
    store_reply() = default;
    status outcome = status::ok;
    bool found{};        ///< the key had a record before the command
    chain_record record; ///< as it is now
    store_time now{};    ///< by the store's clock
    error_code error;
    std::string error_text;
};

/// Applies a command to a record: the whole contract of a store, in one pure function. `record` is changed only when
/// the reply says ok. A store calls this inside a transaction and, when `record` changed, makes it durable before it
/// answers.
AFRESH_EXPORT store_reply apply(chain_record& record, const store_command& command, store_time now, bool found);

/// The record as text (JSON, versioned), and back. `parse_chain_record` fails with `errc::store_failed` on anything
/// that `to_text` did not write.
AFRESH_EXPORT secret_string to_text(const chain_record& record);
AFRESH_EXPORT result<chain_record> parse_chain_record(std::string_view text);

} // namespace afresh
