// The end of a chain: a tombstone in the store, so that no process uses it any more, and then the server is told.

#include "source/chain.hpp"

#include "crypto/digest.hpp"
#include "source/insist.hpp"
#include "source/signing.hpp"

#include <algorithm>
#include <utility>

namespace afresh::detail {

using kind = store_command::kind;
using status = store_reply::status;

// What this process holds, and the server may still accept. With a refresh token the access tokens go too, at most
// servers (RFC 7009 2.1).
std::vector<core::parting_token> chain::parting_tokens() const
{
    using type = core::parting_token::kind;
    std::vector<core::parting_token> all;
    if (!refresh_token_.empty())
        all.push_back({refresh_token_, type::refresh_token});
    else if (held_)
        all.push_back({held_->value, type::access_token});
    // A newer sign-in than the store's, which was never used.
    if (!loaded_ && !grant.token().empty() && !(grant.token() == refresh_token_))
        all.push_back({grant.token(), type::refresh_token});
    return all;
}

// Under the lease, which this releases. False when the store failed: then nothing has changed.
asio::awaitable<bool> chain::bury()
{
    store_command end = about_me(kind::sign_out);
    // A restart with what the program began with must not begin it anew.
    end.seed_hash = crypto::fingerprint(grant.token().reveal());
    const store_reply reply = co_await execute(std::move(end));
    const bool done = reply.outcome == status::ok;
    if (done) { // from here on nobody is given a token
        loaded_ = true;
        pending_save_.reset();
        take_record(reply);
        report({.what = event::kind::signed_out, .generation = generation_});
    }
    co_await release_lease();
    co_return done;
}

void chain::revoke(std::vector<core::parting_token> tokens, pending_call call)
{
    if (tokens.empty() || registration->revocation_endpoint().empty()) return call.complete({});
    revocations_.push_back({.tokens = std::move(tokens), .call = std::move(call), .at = service->now().mono});
    hold_while_owing();
    begin_revocation();
    rearm();
}

void chain::begin_revocation()
{
    if (revocations_.empty() || revoking_ || revocations_.front().at > service->now().mono) return;
    revoking_ = true;
    const auto self = shared_from_this();
    spawn_surely(
        strand, [&] { return run_revocation(self); }, [self] { self->revoking_ = false; });
}

asio::awaitable<core::revocation_response> chain::ask_to_revoke(const core::parting_token& token)
{
    const secret_string assertion = co_await client_assertion(*registration, service->now().wall);
    transport_request request(core::make_revocation_request(*registration, token, assertion));
    request.connect_limit = service->policy.connect_limit;
    request.exchange_limit = service->policy.max_wait;
    const transport_outcome outcome = co_await transmit(std::move(request));
    co_return core::parse_revocation_response(outcome, *registration, token, service->now().wall);
}

asio::awaitable<void> chain::run_revocation(std::shared_ptr<chain> self)
{
    using verdict = core::revocation_response::verdict;
    const refresh_policy& policy = self->service->policy;
    core::revocation_response response;
    try {
        response = co_await self->ask_to_revoke(self->revocations_.front().tokens.back());
    } catch (...) { // out of memory
        self->failure_detail_ = text_of(std::current_exception());
    }
    self->revoking_ = false;
    revocation& r = self->revocations_.front();
    ++r.attempts;
    const std::chrono::milliseconds asked = response.said.retry_after.value_or(std::chrono::seconds(0));
    const bool again =
        response.outcome == verdict::again && r.attempts < policy.revocation_attempts && asked <= policy.max_wait;
    if (again) {
        const auto pause = core::backoff(policy, r.attempts, self->service->time->jitter(), policy.max_wait);
        r.at = core::after(self->service->now(), std::max(asked, pause)).mono;
    } else {
        const bool revoked = response.outcome == verdict::revoked;
        self->report({.what = revoked ? event::kind::revoked : event::kind::revocation_failed,
                      .generation = self->generation_,
                      .error = revoked ? error_code() : errc::revocation_failed,
                      .said = response.said,
                      .detail = self->failure_detail_});
        r.refused = r.refused || !revoked;
        r.tokens.pop_back();
        r.attempts = 0;
    }
    if (r.tokens.empty()) {
        revocation done = std::move(r);
        self->revocations_.pop_front();
        done.call.complete(done.refused ? make_error_code(errc::revocation_failed) : error_code());
    }
    self->hold_while_owing();
    self->begin_revocation();
    self->rearm();
    self->settle_shutdowns();
}

// To the store, or to the server: then the chain lives on without a handle.
void chain::hold_while_owing()
{
    if (fsm_.unsaved() || !revocations_.empty())
        service->hold(shared_from_this());
    else
        service->release(this);
}

} // namespace afresh::detail
