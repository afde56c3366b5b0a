// What people do to a chain: bring tokens of a new sign-in, or end it. They take the lease like an exchange, so that
// none is under way.

#include "source/chain.hpp"

#include "crypto/digest.hpp"

#include <utility>

namespace afresh::detail {

using kind = store_command::kind;
using status = store_reply::status;

asio::awaitable<void> chain::run_command(std::shared_ptr<chain> self)
{
    command asked = std::move(self->commands_.front());
    self->commands_.pop_front();
    core::dialogue_result r;
    r.end = core::dialogue_end::unchanged;
    error_code ec = errc::store_failed;
    bool done = true;
    std::vector<core::parting_token> parting;
    try {
        co_await self->save_pending();
        const store_reply reply = co_await self->take_lease();
        const bool known = reply.outcome == status::ok;
        done = known || (reply.outcome != status::busy && !asked.offered);
        if (done && asked.signs_out) parting = self->parting_tokens();
        if (done) {
            // Before the first exchange it is not final: the program may have brought a newer sign-in.
            if (known && self->adopt(reply) && self->loaded_) r = self->adopted_tokens(reply.record);
            if (asked.signs_out) {
                // What another process has got meanwhile, unless it was that one which ended the chain.
                if (reply.record.state != grant_state::signed_out) parting = self->parting_tokens();
                if (known && co_await self->bury()) {
                    ec = {};
                    r.end = core::dialogue_end::signed_out;
                }
            } else if (known && asked.unless_known &&
                       was_given(reply.record, crypto::fingerprint(asked.tokens.refresh_token().reveal()))) {
                co_await self->release_lease();
            } else {
                const bool saved = co_await self->take_over(asked, reply.record);
                if (saved) ec = {};
                r = self->held_tokens(!saved);
            }
        }
    } catch (...) { // out of memory: the caller is told, and keeps its tokens
        self->failure_detail_ = text_of(std::current_exception());
    }
    const bool again = !done && !self->closed(); // somebody else has the lease
    pending_call call = again ? pending_call() : std::move(asked.call);
    if (again) {
        self->commands_.push_front(std::move(asked));
        self->command_at_ = core::after(self->service->now(), std::chrono::milliseconds(100)).mono;
    }
    self->lease_until_.reset();
    self->finish(r);
    if (asked.signs_out && !ec) co_return self->revoke(std::move(parting), std::move(call));
    // After the tokens were published: who learns that they are set finds no older ones.
    if (!again) call.complete(done ? ec : make_error_code(errc::closed));
}

// True when they are durable. If not they are in use all the same, and saving goes on.
asio::awaitable<bool> chain::take_over(const command& asked, const chain_record& record)
{
    const token_set& tokens = asked.tokens;
    bind_to(tokens.dpop_key());
    begin_session(tokens.id_token());
    store_command replace = about_me(kind::replace);
    loaded_ = true; // whatever the store holds, it is older than this
    refresh_token_ = tokens.refresh_token();
    rt_hash_ = crypto::fingerprint(refresh_token_.reveal());
    id_token_ = tokens.id_token();
    replace.new_refresh_token = refresh_token_;
    replace.new_rt_hash = rt_hash_;
    // What the program began with is superseded, and stays so after a restart.
    const std::string begun = crypto::fingerprint(grant.token().reveal());
    if (!was_given(record, begun)) replace.seed_hash = begun;
    prepared_ = holding();
    if (!tokens.access_token().empty()) {
        stored_token token = describe(asked.given, tokens.expires_in());
        token.token_type = tokens.token_type();
        token.granted_scope = tokens.scope();
        token.access_token = tokens.access_token();
        prepare(token, asked.given);
        replace.token = std::move(token);
    }
    ++generation_;
    pending_save_ = std::move(replace);
    const bool saved = co_await save_pending() != status::failed;
    if (!saved) hold_prepared();
    co_return saved;
}

} // namespace afresh::detail
