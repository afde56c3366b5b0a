#include "crypto/signature.hpp"

#include "crypto/bytes.hpp"

#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace afresh::crypto {
namespace {

struct row {
    algorithm a;
    std::string_view name;
    key::kind kind;
    const char* digest;
    std::size_t half; // of an ECDSA signature
    bool pss;
};
using enum algorithm;
using kind = key::kind;
constexpr std::array<row, 10> table{{
    {rs256, "RS256", kind::rsa, "SHA256", 0, false},
    {rs384, "RS384", kind::rsa, "SHA384", 0, false},
    {rs512, "RS512", kind::rsa, "SHA512", 0, false},
    {ps256, "PS256", kind::rsa, "SHA256", 0, true},
    {ps384, "PS384", kind::rsa, "SHA384", 0, true},
    {ps512, "PS512", kind::rsa, "SHA512", 0, true},
    {es256, "ES256", kind::ec_p256, "SHA256", 32, false},
    {es384, "ES384", kind::ec_p384, "SHA384", 48, false},
    {es512, "ES512", kind::ec_p521, "SHA512", 66, false},
    {eddsa, "EdDSA", kind::ed25519, nullptr, 0, false},
}};

const row& row_of(algorithm a) noexcept { return table[static_cast<std::size_t>(a)]; }

using context_ptr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)>;

[[noreturn]] void fail()
{
    ERR_clear_error();
    throw std::runtime_error("OpenSSL could not sign; check its configuration (openssl.cnf)");
}

bool use_pss(EVP_PKEY_CTX* c)
{
    return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1; // RFC 7518 3.5
}

// RFC 7518 3.4: R and S, each in full size, one after the other. OpenSSL writes and reads ASN.1.
std::string raw_of(std::string_view der, std::size_t half)
{
    const unsigned char* at = data_of(der);
    const signature_ptr s(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free);
    std::string raw(2 * half, '\0');
    if (!s || BN_bn2binpad(ECDSA_SIG_get0_r(s.get()), data_of(raw), static_cast<int>(half)) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(s.get()), data_of(raw) + half, static_cast<int>(half)) < 0)
        fail();
    return raw;
}

std::string der_of(std::string_view raw, std::size_t half)
{
    const signature_ptr s(ECDSA_SIG_new(), ECDSA_SIG_free);
    BIGNUM* const r = BN_bin2bn(data_of(raw), static_cast<int>(half), nullptr);
    BIGNUM* const t = BN_bin2bn(data_of(raw) + half, static_cast<int>(half), nullptr);
    if (!s || !r || !t || ECDSA_SIG_set0(s.get(), r, t) != 1) throw std::bad_alloc();
    const int size = i2d_ECDSA_SIG(s.get(), nullptr);
    std::string der(static_cast<std::size_t>(std::max(size, 0)), '\0');
    unsigned char* at = data_of(der);
    i2d_ECDSA_SIG(s.get(), &at);
    return der;
}

} // namespace

std::optional<algorithm> algorithm_named(std::string_view name) noexcept
{
    const auto found = std::find_if(table.begin(), table.end(), [name](const row& r) { return r.name == name; });
    if (found == table.end()) return std::nullopt;
    return found->a;
}

std::string_view name_of(algorithm a) noexcept { return row_of(a).name; }

bool fits(algorithm a, key::kind k) noexcept { return row_of(a).kind == k; }

algorithm usual_algorithm(key::kind k) noexcept
{
    return std::find_if(table.begin(), table.end(), [k](const row& r) { return r.kind == k; })->a;
}

ready_key::ready_key(algorithm a, const key& k) : algorithm_(a), key_(k), ready_(EVP_MD_CTX_new(), EVP_MD_CTX_free)
{
    const row& r = row_of(a);
    if (!fits(a, k.type())) throw std::runtime_error(std::string(r.name) + " needs another kind of key");
    EVP_PKEY_CTX* inner = nullptr; // owned by `ready_`
    if (!ready_ || EVP_DigestSignInit_ex(ready_.get(), &inner, r.digest, nullptr, nullptr, k.get(), nullptr) != 1 ||
        (r.pss && !use_pss(inner)))
        fail();
}

std::string ready_key::sign(std::string_view text) const
{
    const row& r = row_of(algorithm_);
    const context_ptr context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key_.get()));
    std::string out(size, '\0');
    if (!context || EVP_MD_CTX_copy_ex(context.get(), ready_.get()) != 1) fail();
    EVP_MD_CTX_set_flags(context.get(), EVP_MD_CTX_FLAG_FINALISE); // or it is copied once more
    if (EVP_DigestSign(context.get(), data_of(out), &size, data_of(text), text.size()) != 1) fail();
    out.resize(size);
    return r.half ? raw_of(out, r.half) : out;
}

std::string sign(algorithm a, const key& k, std::string_view text) { return ready_key(a, k).sign(text); }

bool verify(algorithm a, const key& k, std::string_view text, std::string_view signature)
{
    const row& r = row_of(a);
    if (!fits(a, k.type()) || (r.half && signature.size() != 2 * r.half)) return false;
    const context_ptr context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (!context) throw std::bad_alloc();
    EVP_PKEY_CTX* inner = nullptr;
    const std::string der = r.half ? der_of(signature, r.half) : std::string();
    if (r.half) signature = der;
    const bool good =
        EVP_DigestVerifyInit_ex(context.get(), &inner, r.digest, nullptr, nullptr, k.get(), nullptr) == 1 &&
        (!r.pss || use_pss(inner)) &&
        EVP_DigestVerify(context.get(), data_of(signature), signature.size(), data_of(text), text.size()) == 1;
    ERR_clear_error();
    return good;
}

} // namespace afresh::crypto
