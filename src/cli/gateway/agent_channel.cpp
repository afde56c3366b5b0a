#include "cli/gateway/agent_channel.hpp"

#include <sodium.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <vector>

namespace afresh::cli {
namespace {

using bytes = std::vector<unsigned char>;
constexpr int variant = sodium_base64_VARIANT_ORIGINAL;
constexpr std::size_t longest = 64 * 1024;

std::string to_base64(const unsigned char* data, std::size_t size)
{
    std::string text(sodium_base64_encoded_len(size, variant), '\0');
    sodium_bin2base64(text.data(), text.size(), data, size, variant);
    text.pop_back(); // a zero
    return text;
}

// Empty: it is none.
bytes from_base64(std::string_view text)
{
    bytes out(text.size());
    std::size_t size = 0;
    if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, nullptr, variant) != 0)
        size = 0;
    out.resize(size);
    return out;
}

struct parts {
    std::size_t length{};
    std::string_view nonce, ciphertext;
};

std::optional<parts> split(std::string_view message) noexcept
{
    parts p;
    const std::size_t first = message.find(':');
    const std::size_t second = first == std::string_view::npos ? first : message.find(':', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    if (std::from_chars(message.data(), message.data() + first, p.length).ptr != message.data() + first ||
        p.length > longest)
        return std::nullopt;
    p.nonce = message.substr(first + 1, second - first - 1);
    p.ciphertext = message.substr(second + 1);
    return p;
}

} // namespace

bool agent_channel::is_key(std::string_view text) noexcept
{
    return text.size() == key_text && text.ends_with('=') && text.find_first_of(" \r\n") == std::string_view::npos;
}

agent_channel::agent_channel(std::string_view client_key)
{
    if (sodium_init() < 0) throw std::runtime_error("libsodium cannot be initialised");
    std::array<unsigned char, crypto_box_PUBLICKEYBYTES> ours{};
    std::array<unsigned char, crypto_box_SECRETKEYBYTES> secret{};
    crypto_box_keypair(ours.data(), secret.data());
    public_key_ = to_base64(ours.data(), ours.size());
    static_assert(crypto_box_BEFORENMBYTES == std::tuple_size_v<decltype(shared_)>);
    const bytes theirs = from_base64(client_key);
    if (theirs.size() != ours.size() || crypto_box_beforenm(shared_.data(), theirs.data(), secret.data()) != 0)
        randombytes_buf(shared_.data(), shared_.size()); // nobody has this key
    sodium_memzero(secret.data(), secret.size());
}

agent_channel::~agent_channel() { sodium_memzero(shared_.data(), shared_.size()); }

bool agent_channel::is_whole(std::string_view message) noexcept
{
    const auto p = split(message);
    return p && p->ciphertext.size() + 1 >= sodium_base64_encoded_len(p->length + crypto_secretbox_MACBYTES, variant);
}

std::optional<std::string> agent_channel::open(std::string_view message) const
{
    const auto p = split(message);
    if (!p) return std::nullopt;
    const bytes nonce = from_base64(p->nonce), ciphertext = from_base64(p->ciphertext);
    if (nonce.size() != crypto_secretbox_NONCEBYTES || ciphertext.size() != p->length + crypto_secretbox_MACBYTES)
        return std::nullopt;
    std::string text(p->length, '\0');
    if (crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(text.data()), ciphertext.data(), ciphertext.size(),
                                   nonce.data(), shared_.data()) != 0)
        return std::nullopt;
    return text;
}

std::string agent_channel::seal(std::string_view text) const
{
    std::array<unsigned char, crypto_secretbox_NONCEBYTES> nonce{};
    randombytes_buf(nonce.data(), nonce.size());
    bytes ciphertext(text.size() + crypto_secretbox_MACBYTES);
    crypto_secretbox_easy(ciphertext.data(), reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                          nonce.data(), shared_.data());
    return std::to_string(text.size()) + ':' + to_base64(nonce.data(), nonce.size()) + ':' +
           to_base64(ciphertext.data(), ciphertext.size());
}

} // namespace afresh::cli
