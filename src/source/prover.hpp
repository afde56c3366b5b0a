#pragma once
// Who proves possession of one key (RFC 9449): a chain, and the tokens that are bound to its key, share one.

#include "core/dpop.hpp"
#include "crypto/signature.hpp"

#include <afresh/chain_record.hpp>
#include <afresh/secret_string.hpp>
#include <afresh/signing_key.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace afresh::detail {

namespace asio = boost::asio;

// A request that a proof goes with.
struct proof_use {
    proof_use(core::proof_reader w, std::string m, core::url_parts t, std::chrono::system_clock::time_point n)
        : who(w), method(std::move(m)), to(std::move(t)), now(n)
    {
    }
    core::proof_reader who;
    std::string method;
    core::url_parts to;
    std::chrono::system_clock::time_point now;
    std::string ath; // of the access token that goes with it; empty: none does
};

// From any thread.
class prover {
public:
    // A key from a file is not read again: what is bound to it is bound to this one.
    explicit prover(const signing_key& key);

    const signing_key& key() const noexcept { return key_; }
    const std::string& thumbprint() const noexcept { return key_.thumbprint(); }

    // A proof, good once. Nothing: the key is elsewhere, and prove() waits for it. Both throw what keeps it from signing.
    std::optional<std::string> prove_now(const proof_use& use) const;
    asio::awaitable<std::string> prove(proof_use use) const;

    // See core::proof_memory.
    bool learn(core::proof_reader who, const std::string& origin, const http_fields& answer,
               std::chrono::system_clock::time_point now);
    // For a record, with the nonce of this server.
    dpop_binding binding(core::proof_reader who, const std::string& origin) const;
    void remember_nonce(core::proof_reader who, const std::string& origin, std::string nonce);

private:
    std::string claims_for(const proof_use& use) const;

    const secret_string pem_; // empty: the key is elsewhere
    const signing_key key_;
    const std::string header_;
    const std::string encoded_header_;
    std::optional<crypto::ready_key> here_; // empty: the key is elsewhere
    mutable std::mutex mutex_;
    core::proof_memory memory_;
};

// The key that a record's refresh token is bound to; null: it is lost. `known` is the program's own.
std::shared_ptr<prover> prover_of(const dpop_binding& bound, const signing_key& known);

} // namespace afresh::detail
