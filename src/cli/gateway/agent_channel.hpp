#pragma once
// How oidc-agent and its clients keep others from listening: X25519, then XSalsa20-Poly1305. libsodium.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::cli {

// The agent's side of one conversation.
class agent_channel {
public:
    static constexpr std::size_t key_text = 44; // a public key in base64
    static bool is_key(std::string_view text) noexcept;

    // A new key pair of its own. A key of the client's that is none makes a channel that opens nothing.
    explicit agent_channel(std::string_view client_key);
    // As a client has it, that has agreed on this key already.
    explicit agent_channel(const std::array<unsigned char, 32>& shared) : shared_(shared) {}
    ~agent_channel();
    agent_channel(const agent_channel&) = delete;
    agent_channel& operator=(const agent_channel&) = delete;

    const std::string& public_key() const noexcept { return public_key_; } // in base64
    // A message is "length:nonce:ciphertext".
    static bool is_whole(std::string_view message) noexcept;
    std::optional<std::string> open(std::string_view message) const; // nothing: it is not for this channel
    std::string seal(std::string_view text) const;

private:
    std::string public_key_;
    std::array<unsigned char, 32> shared_{};
};

} // namespace afresh::cli
