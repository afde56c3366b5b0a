#include "source/prover.hpp"

#include "core/strict_json.hpp"
#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/jws.hpp"
#include "crypto/key_holder.hpp"
#include "source/signing.hpp"

#include <boost/system/system_error.hpp>

#include <utility>

namespace afresh::detail {
namespace {

signing_key pinned(const signing_key& key, const secret_string& pem)
{
    return pem.empty() ? key : signing_key::from_pem(pem, key.algorithm());
}

} // namespace

prover::prover(const signing_key& key)
    : pem_(key.to_pem()),
      key_(pinned(key, pem_)),
      header_(core::proof_header(key_.algorithm(), key_.public_jwk())),
      encoded_header_(crypto::base64url(header_) + ".")
{
    if (const auto here = key_.implementation()->here())
        here_.emplace(*crypto::algorithm_named(key_.algorithm()), *here);
}

std::string prover::claims_for(const proof_use& use) const
{
    std::unique_lock lock(mutex_);
    const auto told = memory_.about(use.who, use.to.origin);
    lock.unlock();
    const std::string jti = crypto::random_text(16);
    return core::proof_claims({jti, use.method, use.to, core::numeric_date(use.now + told.ahead), use.ath, told.nonce});
}

std::optional<std::string> prover::prove_now(const proof_use& use) const
{
    if (!here_) return std::nullopt;
    std::string input = encoded_header_ + crypto::base64url(claims_for(use));
    const std::string signature = here_->sign(input);
    return crypto::compact(std::move(input), signature);
}

asio::awaitable<std::string> prover::prove(proof_use use) const
{
    auto made = prove_now(use);
    if (made) co_return *std::move(made);
    std::string claims = claims_for(use);
    std::string header = header_;
    co_return co_await sign_compact(key_, std::move(header), std::move(claims));
}

bool prover::learn(core::proof_reader who, const std::string& origin, const http_fields& answer,
                   std::chrono::system_clock::time_point now)
{
    const std::lock_guard lock(mutex_);
    return memory_.learn(who, origin, answer, now);
}

dpop_binding prover::binding(core::proof_reader who, const std::string& origin) const
{
    const std::lock_guard lock(mutex_);
    return {key_.thumbprint(), key_.algorithm(), pem_, memory_.about(who, origin).nonce};
}

void prover::remember_nonce(core::proof_reader who, const std::string& origin, std::string nonce)
{
    const std::lock_guard lock(mutex_);
    memory_.remember_nonce(who, origin, std::move(nonce));
}

std::shared_ptr<prover> prover_of(const dpop_binding& bound, const signing_key& known)
{
    std::shared_ptr<prover> found;
    try {
        if (!bound.key.empty())
            found = std::make_shared<prover>(signing_key::from_pem(bound.key, bound.algorithm));
        else if (known)
            found = std::make_shared<prover>(known);
    } catch (const boost::system::system_error&) { // no key that is known here
    }
    return found && found->thumbprint() == bound.jkt ? found : nullptr;
}

} // namespace afresh::detail
