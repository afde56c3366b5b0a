// The grant is refused: of all the processes that share it one asks its human, and calls its sign-in hook. It says so in the
// record, and if nothing has come of it after a while, another one asks.

#include "core/token_request.hpp"
#include "source/chain.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace afresh::detail {

using kind = store_command::kind;
using status = store_reply::status;

// Each process asks once for each generation, unless a human has said that the grant is good again. One that has just
// been started asks in any case: perhaps it was this one that did before.
bool chain::may_claim_sign_in(const store_reply& reply, bool just_started) const
{
    if (!options.on_sign_in || signing_in_ || asked_for_ == generation_) return false;
    if (just_started) return true;
    const auto left = reply.record.not_before - reply.now;
    const bool claimed = left.count() > 0 && left <= reply.record.retry_in; // more: the clock was set back since
    return !claimed;
}

// Under the lease, which this gives up: the record is marked dead. Sets `may_ask_`.
asio::awaitable<void> chain::leave_dead(const store_reply& reply, bool just_started)
{
    may_ask_ = may_claim_sign_in(reply, just_started);
    if (!may_ask_) co_return co_await release_lease();
    store_command claim = about_me(kind::save_failure);
    claim.failure = exchange_failure::refused;
    claim.cause = reply.record.last_cause;
    claim.retry_in = service->policy.sign_in_claim;
    const store_reply claimed = co_await execute(std::move(claim));
    may_ask_ = claimed.outcome == status::ok; // else somebody else will
    lease_until_.reset();
}

// Somebody wants a token, and whoever asked for a sign-in has had his time.
asio::awaitable<core::dialogue_result> chain::claim_sign_in()
{
    core::dialogue_result r; // unchanged
    const store_reply reply = co_await take_lease();
    if (reply.outcome != status::ok) co_return r;
    if (adopt(reply)) {
        co_await release_lease();
        co_return adopted_tokens(reply.record);
    }
    co_await leave_dead(reply, false);
    if (!may_ask_) co_return r;
    r.end = core::dialogue_end::dead;
    r.in_doubt = reply.record.intent.in_doubt;
    co_return r;
}

void chain::call_sign_in_hook()
{
    report({.what = event::kind::sign_in_required, .generation = generation_, .error = fsm_.last_error()});
    if (!options.on_sign_in || !may_ask_ || std::exchange(signing_in_, true)) return;
    asked_for_ = generation_;
    const auto done = [self = shared_from_this()](std::exception_ptr failed, token_set tokens) {
        self->signed_in(failed, std::move(tokens));
    };
    try {
        asio::co_spawn(strand, options.on_sign_in(), asio::bind_executor(strand, done));
    } catch (...) { // the hook threw before it became a coroutine
        signed_in(std::current_exception(), {});
    }
}

void chain::signed_in(const std::exception_ptr& failed, token_set tokens)
{
    signing_in_ = false;
    if (!failed && tokens.access_token().empty() && tokens.refresh_token().empty()) return; // the hook set them itself
    const core::config_fault fault = failed ? core::config_fault{} : core::check(tokens, wants_proofs());
    if (failed || fault) {
        event e;
        e.what = event::kind::sign_in_failed;
        e.generation = generation_;
        e.error = failed ? error_code(errc::sign_in_required) : fault.code;
        e.detail = failed ? text_of(failed) : fault.text;
        report(std::move(e));
    }
    if (failed) return;
    if (fault)
        tokens = token_set()
                     .refresh_token(tokens.refresh_token())
                     .dpop_key(tokens.dpop_key()); // never dropped if it is good (FAULTS I5)
    // Two processes may have asked, and be given the same: what the chain was given before is not taken twice.
    if (core::check(tokens, wants_proofs())) return;
    take(command{std::move(tokens), service->now(), {}, true});
}

} // namespace afresh::detail
