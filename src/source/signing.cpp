#include "source/signing.hpp"

#include "core/client_assertion.hpp"
#include "crypto/digest.hpp"
#include "crypto/jws.hpp"
#include "crypto/key_holder.hpp"

#include <afresh/signer.hpp>

#include <stdexcept>
#include <utility>

namespace afresh::detail {
namespace {

// The raw signature of RFC 7518 3.
asio::awaitable<std::string> sign_with(const signing_key& key, std::string text)
{
    if (!key) throw std::runtime_error("there is no key to sign with");
    const auto here = key.implementation()->here();
    if (here) co_return crypto::sign(*crypto::algorithm_named(key.algorithm()), *here, text);
    const auto elsewhere = key.implementation()->elsewhere();
    co_return co_await elsewhere->sign(std::move(text));
}

} // namespace

asio::awaitable<std::string> sign_compact(const signing_key& key, std::string header, std::string payload)
{
    std::string input = crypto::signing_input(header, payload);
    std::string signature = co_await sign_with(key, input);
    co_return crypto::compact(std::move(input), signature);
}

asio::awaitable<secret_string> client_assertion(const client_registration& registration,
                                                std::chrono::system_clock::time_point now)
{
    if (!core::proves_by_assertion(registration)) co_return secret_string();
    std::string header = core::assertion_header(registration);
    std::string claims = core::assertion_claims(registration, crypto::random_text(16), now);
    std::string made;
    if (registration.key())
        made = co_await sign_compact(registration.key(), std::move(header), std::move(claims));
    else {
        std::string input = crypto::signing_input(header, claims);
        const secret_string signature = crypto::hmac_sha256(registration.client_secret().reveal(), input);
        made = crypto::compact(std::move(input), signature.reveal());
    }
    secret_string kept(made);
    wipe(made);
    co_return kept;
}

} // namespace afresh::detail
