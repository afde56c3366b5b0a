#include "crypto/aead.hpp"

#include "crypto/bytes.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <limits>
#include <memory>
#include <stdexcept>

namespace afresh::crypto {
namespace {

constexpr std::size_t nonce_size = 12; // NIST SP 800-38D 8.2.2
constexpr std::size_t tag_size = 16;

using context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

int size_of(std::string_view bytes)
{
    if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw std::runtime_error("too much to encrypt at once");
    return static_cast<int>(bytes.size());
}

[[noreturn]] void fail()
{
    throw std::runtime_error("OpenSSL has no AES-256-GCM; check its configuration (openssl.cnf)");
}

context make_context()
{
    context c(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
    if (!c) throw std::bad_alloc();
    return c;
}

} // namespace

std::string encrypt(std::string_view key, std::string_view bound_to, std::string_view text)
{
    const context c = make_context();
    std::string out(nonce_size + text.size() + tag_size, '\0');
    unsigned char* const cipher = data_of(out) + nonce_size;
    int n = 0;
    if (key.size() != aead_key_size || RAND_bytes(data_of(out), nonce_size) != 1 ||
        EVP_EncryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, data_of(key), data_of(out)) != 1 ||
        EVP_EncryptUpdate(c.get(), nullptr, &n, data_of(bound_to), size_of(bound_to)) != 1 ||
        EVP_EncryptUpdate(c.get(), cipher, &n, data_of(text), size_of(text)) != 1 ||
        EVP_EncryptFinal_ex(c.get(), cipher + n, &n) != 1 ||
        EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_GET_TAG, tag_size, cipher + text.size()) != 1)
        fail();
    return out;
}

std::optional<secret_string> decrypt(std::string_view key, std::string_view bound_to, std::string_view bytes)
{
    if (key.size() != aead_key_size || bytes.size() < nonce_size + tag_size) return std::nullopt;
    const context c = make_context();
    const std::string_view cipher = bytes.substr(nonce_size, bytes.size() - nonce_size - tag_size);
    std::string tag(bytes.substr(bytes.size() - tag_size));
    std::string out(cipher.size() + tag_size, '\0'); // room that the decryption may use at its end
    int n = 0;
    const bool good = EVP_DecryptInit_ex(c.get(), EVP_aes_256_gcm(), nullptr, data_of(key), data_of(bytes)) == 1 &&
                      EVP_DecryptUpdate(c.get(), nullptr, &n, data_of(bound_to), size_of(bound_to)) == 1 &&
                      EVP_DecryptUpdate(c.get(), data_of(out), &n, data_of(cipher), size_of(cipher)) == 1 &&
                      EVP_CIPHER_CTX_ctrl(c.get(), EVP_CTRL_GCM_SET_TAG, tag_size, data_of(tag)) == 1 &&
                      EVP_DecryptFinal_ex(c.get(), data_of(out) + n, &n) == 1;
    std::optional<secret_string> text;
    if (good) text.emplace(std::string_view(out).substr(0, cipher.size()));
    wipe(out);
    return text;
}

} // namespace afresh::crypto
