#include "crypto/digest.hpp"

#include "crypto/base64.hpp"
#include "crypto/bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <cstdint>
#include <limits>
#include <stdexcept>

namespace afresh::crypto {
namespace {

void fill_random(unsigned char* out, std::size_t size)
{
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        RAND_bytes(out, static_cast<int>(size)) != 1)
        throw std::runtime_error(
            "OpenSSL has no random bytes; check its configuration (openssl.cnf) and entropy source");
}

} // namespace

std::string fingerprint(std::string_view secret) { return secret.empty() ? std::string() : sha256_text(secret); }

std::string sha256_text(std::string_view text)
{
    // Fetched once, and never given back: EVP_sha256() makes each digest look for its implementation anew.
    static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    if (!sha256 || EVP_Digest(text.data(), text.size(), digest.data(), &size, sha256, nullptr) != 1 ||
        size != digest.size())
        throw std::runtime_error("OpenSSL has no SHA-256; check its configuration (openssl.cnf)");
    return base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

secret_string hmac_sha256(std::string_view key, std::string_view text)
{
    std::array<unsigned char, 32> out{};
    unsigned int size = 0;
    if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()) ||
        !HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data_of(text), text.size(), out.data(), &size) ||
        size != out.size())
        throw std::runtime_error("OpenSSL has no HMAC with SHA-256; check its configuration (openssl.cnf)");
    secret_string made(std::string_view(reinterpret_cast<const char*>(out.data()), out.size()));
    OPENSSL_cleanse(out.data(), out.size());
    return made;
}

std::string random_text(std::size_t bytes)
{
    std::string raw(bytes, '\0');
    fill_random(data_of(raw), raw.size());
    std::string text = base64url(raw);
    OPENSSL_cleanse(raw.data(), raw.size());
    return text;
}

double random_unit()
{
    std::array<unsigned char, 8> raw{};
    fill_random(raw.data(), raw.size());
    std::uint64_t bits = 0;
    for (const unsigned char byte : raw) bits = bits << 8 | byte;
    return static_cast<double>(bits >> 11) * 0x1p-53; // 53 bits: what a double holds exactly
}

} // namespace afresh::crypto
