#pragma once
/// @file
/// Every number of Afresh's behaviour in one place, with its default.

#include <chrono>
#include <cstddef>
#include <optional>

namespace afresh {

/// When to renew tokens nobody is asking for.
enum class unused_sources {
    /// Ahead of time while used within the last two lifetimes (15 minutes at least), then on demand.
    renew_while_used,
    /// Always ahead of time.
    always,
    /// Only when somebody asks.
    on_demand,
};

/// The numbers of one `token_service` or source. The defaults suit servers with token lifetimes from seconds to days.
/// Checked when a service is made (the short form of a source makes one): a value outside its range throws
/// `errc::invalid_argument`. Times are 0 to ten years where nothing else is said.
struct refresh_policy {
    using milliseconds = std::chrono::milliseconds;
    using seconds = std::chrono::seconds;

    // When a token is due: lifetime - ahead - jitter.
    unsigned ahead_divisor = 10;    ///< ahead = lifetime / this (1 and up), ...
    seconds ahead_min{90};          ///< ... at least this, ...
    seconds ahead_max{300};         ///< ... at most this, and never more than half the lifetime
    seconds leeway_max{10};         ///< a token is used until lifetime - min(this, lifetime / 10)
    seconds unknown_lifetime{3600}; ///< renewed after this when the server names no lifetime; 1 s and up
    unused_sources unused = unused_sources::renew_while_used;
    seconds used_within_min{900}; ///< see `unused_sources::renew_while_used`
    /// A refresh token that is not used for so long dies, where the server does not say it (`refresh_token_expires_in`,
    /// `refresh_expires_in`). One whose lifetime is known is used when four fifths of it are over, whether or not anybody
    /// wants a token, by each source that has had one. Unset: unknown.
    std::optional<seconds> refresh_token_lifetime{};

    // Waiting and limits.
    milliseconds max_wait{30'000};        ///< of a caller that names none
    milliseconds connect_limit{10'000};   ///< lookup, connect and TLS handshake of a token request
    milliseconds exchange_limit{120'000}; ///< from the first byte sent to the last byte read
    std::size_t max_waiters = 4'000'000;  ///< callers beyond this fail with `temporarily_unavailable`

    // Failures.
    unsigned attempts_for_waiters = 3;    ///< exchanges that fail before waiting callers get the error; 1 and up
    milliseconds backoff_base{500};       ///< full jitter: uniform in [0, base * 2^n], a tenth of base at least, ...
    milliseconds backoff_cap{60'000};     ///< ... capped
    seconds retry_after_cap{3600};        ///< of what a server may ask for; an hour at most
    seconds breaker_min{60};              ///< pause after a misconfiguration, doubled each time ...
    seconds breaker_max{900};             ///< ... up to this
    unsigned bare_unauthorized_limit = 3; ///< 401s without an OAuth error until `sign_in_required`

    // In doubt: request bytes were sent and no verdict came back.
    /// How long the server lets a rotated refresh token be used again. Unset: unknown, 10 s are assumed.
    /// 0: known to have no grace, so no prompt resend. `rotation_grace.hpp` has the values of well-known servers.
    std::optional<milliseconds> rotation_grace{};
    unsigned doubt_resends = 2; ///< prompt resends within the grace
    seconds doubt_ahead{30};    ///< then resend this long before the access token stops being usable

    // Signing in and out.
    /// When a grant is refused one of the processes that share it calls its sign-in hook. Another one may call its own
    /// when so much time has passed without new tokens.
    seconds sign_in_claim{600};
    unsigned revocation_attempts = 3; ///< to tell the server, within `max_wait` each; 1 and up

    // Store.
    milliseconds save_retry{500};      ///< between attempts to save tokens that could not be saved
    milliseconds lease_ttl{6'000};     ///< of stores whose lease is a time; renewed every third of it
    milliseconds takeover_wait{2'000}; ///< before a dead holder's refresh token is sent again
    /// While callers fail the store is read again when one comes, but not more often than this: another process may have
    /// got tokens, or somebody may have signed in there.
    milliseconds reread_interval{5'000}; // 100 ms and up

    // 401 from a resource: forced refreshes per origin.
    unsigned forced_burst = 3;
    seconds forced_interval{30};
    /// While a rejected token is renewed callers wait for the new one, but no longer than this: then they are given the
    /// old one again, because other resources may still take it.
    milliseconds withhold_rejected{2'000};

    // Clocks.
    seconds longest_sleep{60}; ///< so that suspend and clock steps are noticed; 1 s and up
};

} // namespace afresh
