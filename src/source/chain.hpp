#pragma once
// The shell around one chain: strand, waiters, the published token, and the dialogue with store and server. All
// decisions are the state machine's and the pure functions' of src/core.
//
// Three realms, marked below: what any thread may read (atomics), what the mutex guards (waiters live in their callers'
// frames, so that joining and leaving cannot wait for the strand), and what only the strand touches.

#include "core/refresh_fsm.hpp"
#include "core/revocation.hpp"
#include "core/token_bucket.hpp"
#include "source/pending_call.hpp"
#include "source/prover.hpp"
#include "source/service.hpp"
#include "source/snapshot.hpp"
#include "source/waiter_queue.hpp"

#include <afresh/token_source.hpp>

#include <atomic>
#include <ctime>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace afresh::detail {

// What an exception of the user's parts says.
std::string text_of(const std::exception_ptr& e);

using snapshot_ptr = std::shared_ptr<const snapshot>;
// A handle that all threads count alike.
inline access_token share(snapshot_ptr s) { return access_token(s ? new token_ref(std::move(s)) : nullptr); }

struct hot_entry;

// Whether a usable token lasts for as long as a caller wants it to.
bool lasts(const snapshot& s, const get_options& wanted, const core::moment& now) noexcept;

class chain : public wake_entry, public std::enable_shared_from_this<chain> {
public:
    chain(std::shared_ptr<detail::service> s, std::shared_ptr<const client_registration> r, afresh::grant g,
          source_options o, std::string name);
    ~chain();

    const std::shared_ptr<detail::service> service;
    const asio::any_io_executor strand;
    const std::shared_ptr<const client_registration> registration;
    const afresh::grant grant;
    const source_options options;
    const std::string name; // among the service's chains
    const std::uint64_t id; // of this chain, in the threads' caches; never reused

    // --- from any thread ---
    token_ref* fresh(const get_options& options) noexcept; // counted for the caller
    std::uint64_t version() const noexcept { return version_.load(std::memory_order_acquire); }
    std::uint64_t read_published(access_token& token);
    bool check(const snapshot& s, const get_options& wanted, std::time_t& calm) noexcept;
    bool closed() const noexcept { return closed_.load(std::memory_order_acquire); }
    bool acquire(); // for a new handle; false when the last one has gone
    void release_handle();
    void ask(); // as if a caller waited
    void join(waiter& w, const get_options& options);
    void join_newer(waiter& w, const access_token& rejected, const std::string& origin);
    void leave(waiter& w); // cancelled
    void set_tokens(token_set tokens, pending_call call);
    void sign_out(pending_call call);
    // What of a new handle's settings is not this chain's; empty: nothing.
    std::string_view differs_in(const client_registration& r, const afresh::grant& g, const source_options& o) const;
    void offer(const afresh::grant& g); // which a new handle brought: perhaps of a newer sign-in
    void retry_grant();
    void close();
    void shutdown(std::chrono::milliseconds deadline, pending_call call);
    source_status status() const;
    error_code standing_error() const; // why no caller can be served now, if that will not change by itself
    void abandon();

    // --- on the strand ---
    void on_wake();
    void on_store_changed(core::mono_time reread_at); // by somebody else; not before that

private:
    struct command {
        token_set tokens;
        core::moment given; // from here on `expires_in` counts
        pending_call call;
        bool unless_known{}; // only if the program never gave this refresh token before
        bool offered{};      // by a new handle: waits until the store can be asked
        bool signs_out{};    // no tokens: the chain ends
    };
    // Tokens that are not used any more, and that the server is to forget (RFC 7009).
    struct revocation {
        std::vector<core::parting_token> tokens; // the last one first
        pending_call call;
        unsigned attempts{};  // for the last one
        core::mono_time at{}; // of the next one
        bool refused{};       // any of them
    };
    struct shutdown_wait {
        core::mono_time deadline;
        pending_call call;
    };

    // chain_hot_path.cpp
    [[gnu::cold, gnu::noinline]] token_ref* look_closely(hot_entry& e, const get_options& wanted) noexcept;
    bool refill(hot_entry& e) noexcept;
    void nudge() noexcept;

    // chain_callers.cpp
    void post(void (chain::*event)());
    void take(command c);
    void add(waiter& w, std::chrono::milliseconds wait, std::unique_lock<std::mutex>& lock);
    void close_locked();

    // chain.cpp: events
    void on_asked();
    void on_rejected(waiter_list caller, std::uint64_t generation, const std::string& origin);
    bool may_force(const std::string& origin);
    bool somebody_wants_newer() const;
    void on_close();
    void apply(const core::effects& e);
    void serve();
    void refuse(waiter_list list);
    void publish_if_changed();
    void rearm();
    void begin_reread();
    void begin(core::dialogue what);
    void begin_command();
    void dialogue_died();
    void finish(const core::dialogue_result& r);
    void settle_shutdowns();
    core::view look();

    // chain_report.cpp
    void report(event e) const;
    void fill_status();

    // sign_in.cpp
    void call_sign_in_hook();
    void signed_in(const std::exception_ptr& failed, token_set tokens);
    bool may_claim_sign_in(const store_reply& reply, bool just_started) const;
    asio::awaitable<void> leave_dead(const store_reply& reply, bool just_started);
    asio::awaitable<core::dialogue_result> claim_sign_in();

    // sign_out.cpp
    void revoke(std::vector<core::parting_token> tokens, pending_call call);
    void begin_revocation();
    void hold_while_owing();

    // dialogue.cpp, set_tokens.cpp, sign_out.cpp, chain_record_keeping.cpp: coroutines on the strand; each runs to its
    // end, whoever waits or does not
    static asio::awaitable<void> run(std::shared_ptr<chain> self, core::dialogue what);
    static asio::awaitable<void> run_command(std::shared_ptr<chain> self);
    static asio::awaitable<void> keep_lease(std::shared_ptr<chain> self);
    asio::awaitable<core::dialogue_result> exchange();
    asio::awaitable<core::dialogue_result> reread();
    asio::awaitable<core::dialogue_result> send_grant();
    asio::awaitable<core::dialogue_result> save_answer(core::token_response& response, core::moment sent);
    void take_answer(const core::token_response& response, core::moment sent);
    struct answer {
        answer() = default;
        transport_outcome outcome{error_code(), false};
        core::token_response response;
        bool proved_again{};
        bool another_proof_may_do{};
    };
    asio::awaitable<core::dialogue_result> note_failure(const answer& got, const send_intent& intent,
                                                        const core::moment& first_sent);
    asio::awaitable<answer> ask(bool doubtful, core::moment& sent);
    asio::awaitable<answer> ask_once(core::request_extras extras, bool doubtful, core::moment& sent);
    asio::awaitable<std::optional<core::request_extras>> make_extras();
    void check_session(core::token_response& response);
    void begin_session(const secret_string& id_token);

    // possession.cpp
    bool wants_proofs() const;
    bool key_is_lost() const;
    void bind_to(const dpop_binding& bound);
    void bind_to(const signing_key& key);
    std::string token_endpoint_origin() const;
    asio::awaitable<std::string> prove_possession();
    bool may_prove_again(const answer& a);
    dpop_binding binding() const;
    std::string thumbprint() const;
    asio::awaitable<transport_outcome> transmit(transport_request request);
    static asio::awaitable<void> run_revocation(std::shared_ptr<chain> self);
    asio::awaitable<core::revocation_response> ask_to_revoke(const core::parting_token& token);
    std::chrono::milliseconds planned_pause(core::dialogue_result& r) const;
    asio::awaitable<store_reply> execute(store_command command);
    asio::awaitable<store_reply> take_lease();
    void extend_lease(const core::moment& asked);
    bool keeps_lease() const;
    asio::awaitable<void> release_lease();
    asio::awaitable<bool> seed(const chain_record& record);
    asio::awaitable<store_reply::status> save_pending();
    asio::awaitable<bool> take_over(const command& asked, const chain_record& record);
    asio::awaitable<bool> bury();
    std::vector<core::parting_token> parting_tokens() const;
    stored_token describe(const core::moment& obtained, std::optional<std::chrono::seconds> lifetime) const;
    bool adopt(const store_reply& reply);
    void take_record(const store_reply& reply);
    void remember(const chain_record& older);
    core::moment first_sent_at(const store_reply& reply) const;
    core::dialogue_result held_tokens(bool unsaved) const;
    core::dialogue_result adopted_tokens(const chain_record& record);
    const stored_token* stored_for_me(const chain_record& record) const;
    void prepare(const stored_token& t, const core::moment& obtained);
    void keep_alive(const core::moment& from, std::chrono::nanoseconds lifetime);
    void hold_prepared();
    store_command about_me(store_command::kind kind) const;

    // --- atomics ---
    std::atomic<std::uint64_t> version_{1}; // of published_; read on every get()
    std::atomic<bool> closed_{};
    std::atomic<std::uint64_t> requests_{};
    const std::string owner_; // of leases: names this object in a store

    // --- guarded by mutex_ ---
    mutable std::mutex mutex_;
    snapshot_ptr published_; // what get() may hand out; null while a flight replaces a rejected token
    waiter_queue waiters_;
    unsigned handles_{};
    bool asked_{}; // on_asked() is on its way
    bool abandoned_{};
    error_code standing_;
    source_status status_;
    core::token_times status_times_; // of the token that status_ speaks of

    // --- the strand's ---
    core::refresh_fsm fsm_;
    struct holding {
        snapshot_ptr token; // null: none came with the sign-in
        core::token_times times;
    };
    snapshot_ptr held_;
    core::token_times held_times_;
    std::optional<holding> prepared_; // on its way into the store; nobody may see it before
    std::uint64_t generation_{};
    core::moment keep_alive_ = core::moment::never(); // of the refresh token
    std::uint64_t told_{};                            // to the other audiences
    secret_string refresh_token_;
    std::string rt_hash_;
    secret_string id_token_;
    std::string session_;            // claims of the first one of this sign-in
    std::shared_ptr<prover> prover_; // of the key that tokens are bound to; null: of none, or of none yet
    std::string bound_to_;           // the thumbprint of what the refresh token is bound to
    bool loaded_{};                  // the store has been read
    core::mono_time reread_at_ = core::mono_time::max(); // somebody changed the record meanwhile
    std::chrono::nanoseconds store_ahead_{};             // the store's clock minus ours
    bool revive_{};                                      // retry_grant(): lift a dead mark
    std::optional<store_command> pending_save_;
    store_time noted_pause_{}; // of the record, that this process wrote, or has begun to wait out
    std::uint64_t fence_{};
    std::optional<core::moment> lease_until_;
    core::mono_time lease_renewed_{};
    bool renewing_lease_{};
    bool posting_{};               // from the intent until the answer is saved: the lease is kept
    bool sent_{};                  // the dialogue under way got as far as a token request
    core::mono_time began_{};      // the dialogue under way
    core::mono_time command_at_{}; // a command that found the lease taken tries again
    std::map<std::string, core::token_bucket> forced_;
    std::deque<command> commands_;
    std::deque<shutdown_wait> shutdowns_;
    std::deque<revocation> revocations_;
    bool revoking_{}; // the first of them
    bool signing_in_{};
    bool may_ask_ = true;                    // a human: no other process does
    std::optional<std::uint64_t> asked_for_; // generation
    error_code failure_;
    diagnostics failure_said_;
    std::string failure_detail_;
};

} // namespace afresh::detail
