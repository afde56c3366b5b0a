#pragma once
// Decides when a chain exchanges its grant, what its callers are told, and when to look again (DESIGN section 4).
// Deterministic and total: knows no I/O, clock, randomness or thread. The shell holds the timer, the waiters and the
// tokens.

#include "core/schedule.hpp"
#include "core/token_response.hpp"

#include <afresh/error.hpp>
#include <afresh/refresh_policy.hpp>

#include <cstdint>
#include <optional>

namespace afresh::core {

enum class phase {
    idle,    // an exchange may begin
    waiting, // ... not before `retry_at`: backoff, breaker, or in doubt
    latched, // refused: only a human can help
    closed,
};

// Dialogues with the store and the server. One at a time.
enum class dialogue {
    none,
    exchange, // send the grant, save the answer
    save,     // save an answer that could not be saved
    reread,   // look whether somebody else has renewed the chain, or ended it
    command,  // begun by the shell: set_tokens, sign_out
};

// What a machine sees of the world at an event.
struct view {
    moment now;
    double jitter{}; // drawn for this event, in [0, 1)
    bool waiters{};  // callers are waiting
    bool used{};     // the token was handed out since the last event
};

// What a dialogue came to.
enum class dialogue_end {
    tokens,       // a newer generation is held: by an exchange, from the store, or set by the user
    saved,        // an earlier answer is durable now
    answered,     // the server's verdict, not ok: see `answer`
    store_failed, // the store failed, and nothing was sent
    lease_busy,   // somebody else holds the lease
    too_early,    // the record says that a pause is not over yet: another process was told to wait
    no_grant,     // there is no refresh token anywhere
    signed_out,   // the record is a tombstone
    dead,         // the record is marked dead
    unchanged,    // a command that changed nothing
};

struct dialogue_result {
    dialogue_end end = dialogue_end::unchanged;
    token_times times;                               // tokens
    bool unsaved{};                                  // tokens: held in memory only
    bool adopted{};                                  // tokens: found in the store; nobody has waited for just these
    bool unusable{};                                 // tokens: the access token must not be served (quarantined)
    verdict answer{};                                // answered
    bool after_5xx{};                                // answered: in doubt by a status
    std::optional<std::chrono::seconds> retry_after; // answered
    error_code cause;                                // answered, or tokens unusable: what callers are told
    bool in_doubt{};                                 // an attempt with this refresh token ended without a verdict
    std::uint32_t sends{};                           // times this refresh token was sent
    moment first_sent{};                             // ... first
    std::chrono::milliseconds wait{100};             // lease_busy, too_early: look again after
    std::chrono::milliseconds takeover{};            // in doubt by the intent of somebody who died: not again before
    moment keep_alive = moment::never();             // tokens: when the refresh token is to be used, wanted or not
    std::optional<double> jitter;                    // drawn already, because the record says when the pause ends
};

// What the shell must do next. Fields are independent.
struct effects {
    dialogue begin = dialogue::none; // exactly one; its end comes back through on_result
    bool serve{};                    // give the held token to every waiter it satisfies
    bool fail_impatient{};           // then fail the waiters that named no max_wait, with `error`
    bool fail_all{};                 // then fail all waiters, with `error`
    error_code error{};
    bool sign_in{}; // call the sign-in hook
    bool operator==(const effects&) const = default;
};

class refresh_fsm {
public:
    explicit refresh_fsm(const refresh_policy& policy) noexcept : policy_(policy) {}

    effects on_get(const view& v);        // a caller could not be served on the hot path
    effects on_want_newer(const view& v); // ... and the token held, usable or not, is not good enough for it
    effects on_rejected(const view& v);   // a resource refused the token held (401)
    effects on_tick(const view& v);       // stale and early ticks are harmless
    effects on_result(const dialogue_result& r, const view& v);
    effects on_changed(const view& v); // the store says that somebody changed the chain
    // In the midst of a dialogue: the store holds a newer generation, with this access token, or with none. It counts,
    // whatever becomes of the dialogue.
    void on_found(const std::optional<token_times>& token, const moment& keep_alive) noexcept;
    effects on_retry_grant(const view& v); // a human says that the grant is good again
    void on_command();                     // the shell begins a dialogue of its own; none may be under way
    effects on_close();

    // When to call on_tick next; never: moment::never().
    moment wake_at(const view& v) const;
    // The token held may be sent.
    bool usable(const moment& now) const noexcept
    {
        return token_ && !withheld() && !token_->usable_until.reached(now);
    }
    // It is not handed out, because a resource refused it.
    bool withheld() const noexcept { return rejection_ == rejection::withheld; }
    // A rejection now would bring an exchange about, or forward.
    bool rejection_forces() const noexcept;

    // Sending a refresh token that is in doubt would risk the good token held: too late for a prompt resend, too early
    // for the last call. Asked again right before the first byte, because a store or a connection may take its time.
    bool must_hold_back(const moment& now) const noexcept;

    // After a failure: before this nobody should send the grant, whatever tokens he holds. Else: any time.
    moment paused_until() const noexcept
    {
        if (phase_ != phase::waiting) return {};
        return deferred_ ? not_before_ : retry_at_;
    }

    phase current() const noexcept { return phase_; }
    dialogue running() const noexcept { return running_; }
    bool unsaved() const noexcept { return unsaved_; }
    bool in_doubt() const noexcept { return in_doubt_; }
    std::uint32_t sends() const noexcept { return sends_; } // of the refresh token in doubt, as far as known here
    unsigned failures() const noexcept { return failures_; }
    error_code last_error() const noexcept { return error_; }
    const std::optional<token_times>& times() const noexcept { return token_; }

private:
    effects begin(dialogue what);
    effects reread(const view& v);
    effects ended(const dialogue_result& r, const view& v);
    effects renewed(const dialogue_result& r, const view& v);
    effects answered(const dialogue_result& r, const view& v);
    effects doubt(const dialogue_result& r, const view& v);
    effects fail(const view& v, std::chrono::milliseconds delay, error_code cause);
    effects latch(const view& v, error_code cause);
    effects serve_or_fail(const view& v) const;
    std::chrono::milliseconds pause(const view& v) const noexcept;
    std::chrono::milliseconds grace() const noexcept;
    bool may_resend_at(const moment& at) const noexcept;
    moment last_call() const noexcept;
    void hold_back(const view& v) noexcept;
    void hurry(const view& v) noexcept;
    std::chrono::milliseconds breaker() noexcept;
    bool renews_ahead(const view& v) const noexcept;
    bool is_paced() const noexcept; // waiting only because the token held is young
    void note_use(const view& v) noexcept;

    refresh_policy policy_;
    phase phase_ = phase::idle;
    dialogue running_ = dialogue::none;
    std::optional<token_times> token_;
    moment keep_alive_ = moment::never();
    // Of the token held, by a resource. While it is renewed others wait for the new one, but not for long: other
    // resources may still take it.
    enum class rejection { none, withheld, served_again } rejection_ = rejection::none;
    moment withheld_until_{};
    bool unsaved_{};
    bool in_doubt_{};
    bool deferred_{};       // waiting only because the token held is still good
    bool retry_wanted_{};   // while the store is read again
    bool exhausted_{};      // waiters were told the error: from now on callers fail at once
    std::uint32_t sends_{}; // of the refresh token that is in doubt, ...
    moment first_sent_{};   // ... the first time then
    moment not_before_{};   // deferred: what the pause would have been else
    moment retry_at_ = moment::never();
    moment save_at_ = moment::never();
    moment reread_at_{}; // while callers fail: somebody else may have had more luck, and the store did not tell
    moment used_at_{};
    unsigned failures_{};     // in a row
    unsigned unauthorized_{}; // bare 401s in a row while no token was usable
    unsigned invalid_requests_{};
    unsigned trips_{}; // of the breaker, in a row
    error_code error_;
};

} // namespace afresh::core
