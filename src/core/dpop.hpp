#pragma once
// A proof that whoever sends a token has its key (RFC 9449): what it says, and what servers tell about it. Pure.

#include "core/url.hpp"

#include <afresh/http_message.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace afresh::core {

// RFC 9449 4.2. `public_jwk` is JSON.
std::string proof_header(std::string_view algorithm, std::string_view public_jwk);

struct proof_content {
    std::string_view jti;    // fresh for each
    std::string_view method; // of the request, and the URL without query and fragment
    const url_parts& to;
    std::int64_t iat;
    std::string_view ath;   // of the access token it goes with; empty: with none
    std::string_view nonce; // which the server gave; empty: none
};
std::string proof_claims(const proof_content& c);

// An error after which another proof may be good (RFC 9449 7.1, 8, 9).
bool asks_for_another_proof(std::string_view error) noexcept;

// One origin may be both, with nonces of its own for each (RFC 9449 9).
enum class proof_reader { authorization_server, resource_server };

// What servers told: for each the nonce it wants to see, and how far its clock is ahead of ours. A server that lies about the
// time gets proofs that are good for itself alone.
class proof_memory {
public:
    static constexpr std::size_t most = 100; // servers; the one that was silent longest is forgotten

    struct told {
        std::string nonce;
        std::chrono::seconds ahead{};
    };
    told about(proof_reader who, const std::string& origin) const;
    // From any answer; the newest counts. True: a proof would now say something else than before.
    bool learn(proof_reader who, const std::string& origin, const http_fields& answer,
               std::chrono::system_clock::time_point now);
    // As learned by another process.
    void remember_nonce(proof_reader who, const std::string& origin, std::string nonce);

private:
    struct entry {
        told what;
        std::uint64_t heard{}; // when: the greatest is the latest
    };
    entry& of(proof_reader who, const std::string& origin);

    std::map<std::pair<proof_reader, std::string>, entry> servers_;
    std::uint64_t heard_{};
};

} // namespace afresh::core
