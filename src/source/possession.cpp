// The key that a chain's tokens are bound to (RFC 9449 5): made here, found in the record, or the program's.

#include "source/chain.hpp"

#include "core/url.hpp"

#include <stdexcept>
#include <utility>

namespace afresh::detail {

bool chain::wants_proofs() const { return registration->wants_dpop() || grant.dpop_key(); }

std::string chain::thumbprint() const { return prover_ ? prover_->thumbprint() : std::string(); }

std::string chain::token_endpoint_origin() const
{
    const auto to = core::parse_url(registration->token_endpoint());
    return to ? to->origin : std::string();
}

// What the record says: the key goes with the refresh token.
void chain::bind_to(const dpop_binding& bound)
{
    const std::shared_ptr<prover> had = std::exchange(prover_, nullptr);
    bound_to_ = bound.jkt;
    if (had && had->thumbprint() == bound.jkt)
        prover_ = had; // with what servers told it
    else if (!bound.jkt.empty())
        prover_ = prover_of(bound, grant.dpop_key());
    else if (wants_proofs())
        prover_ = had; // which has not been saved yet
    if (prover_)
        prover_->remember_nonce(core::proof_reader::authorization_server, token_endpoint_origin(), bound.nonce);
}

// What came with a sign-in, if anything did.
void chain::bind_to(const signing_key& key)
{
    prover_ = key ? std::make_shared<prover>(key) : nullptr;
    bound_to_ = thumbprint();
}

dpop_binding chain::binding() const
{
    if (!prover_) return {};
    return prover_->binding(core::proof_reader::authorization_server, token_endpoint_origin());
}

// Then the refresh token is of no use. Those of clients that prove who they are are bound to them, not to a key (RFC 9449 5).
bool chain::key_is_lost() const
{
    return !prover_ && !bound_to_.empty() && registration->authentication() == client_authentication::none;
}

// Empty: none is needed. Throws why there is none.
asio::awaitable<std::string> chain::prove_possession()
{
    if (key_is_lost())
        throw std::runtime_error("dpop_key: the refresh token is bound to a key that neither the store nor "
                                 "grant::dpop_key() has; give that key, or sign in again");
    if (!prover_ && !wants_proofs() && bound_to_.empty()) co_return std::string();
    if (!prover_) prover_ = std::make_shared<prover>(grant.dpop_key() ? grant.dpop_key() : signing_key::generate());
    const auto to = core::parse_url(registration->token_endpoint());
    proof_use use(core::proof_reader::authorization_server, "POST", *to, service->now().wall);
    const std::shared_ptr<prover> key = prover_;
    co_return co_await key->prove(std::move(use));
}

// Learns from any answer. True: this one says that the proof was not good enough, and how the next one can be.
bool chain::may_prove_again(const answer& a)
{
    if (!prover_ || a.outcome.ec) return false;
    const bool news = prover_->learn(core::proof_reader::authorization_server, token_endpoint_origin(),
                                     a.outcome.response.fields(), service->now().wall);
    const unsigned status = a.outcome.response.status();
    return news && (status == 400 || status == 401) && core::asks_for_another_proof(a.response.said.error);
}

} // namespace afresh::detail
