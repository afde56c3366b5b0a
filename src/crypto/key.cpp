#include "crypto/key.hpp"

#include "crypto/base64.hpp"
#include "crypto/bytes.hpp"
#include "crypto/digest.hpp"

#include <boost/json/object.hpp>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <array>
#include <stdexcept>
#include <vector>

namespace afresh::crypto {
namespace {

using bio_ptr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using bn_ptr = std::unique_ptr<BIGNUM, decltype(&BN_clear_free)>;
using build_ptr = std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)>;
using param_ptr = std::unique_ptr<OSSL_PARAM, decltype(&OSSL_PARAM_free)>;
using context_ptr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;

constexpr int least_rsa_bits = 2048; // RFC 7518 3.3
constexpr int most_rsa_bits = 16384; // what OpenSSL still verifies with

struct curve {
    key::kind kind;
    const char* crv;   // RFC 7518 6.2.1.1
    const char* group; // OpenSSL's name
    std::size_t size;  // of a coordinate
};
constexpr std::array<curve, 3> curves{{
    {key::kind::ec_p256, "P-256", "prime256v1", 32},
    {key::kind::ec_p384, "P-384", "secp384r1", 48},
    {key::kind::ec_p521, "P-521", "secp521r1", 66},
}};

const curve* curve_of(key::kind k)
{
    for (const curve& c : curves)
        if (c.kind == k) return &c;
    return nullptr;
}

[[noreturn]] void fail(const char* why)
{
    ERR_clear_error();
    throw std::runtime_error(why);
}

// A member that must be base64url text; nothing: it is missing or something else.
std::optional<secret_string> bytes_of(const boost::json::object& jwk, std::string_view name)
{
    const auto* value = jwk.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    if (!text || text->empty()) return std::nullopt;
    return from_base64url({text->data(), text->size()});
}

std::string_view text_of(const boost::json::object& jwk, std::string_view name)
{
    const auto* value = jwk.if_contains(name);
    const auto* text = value ? value->if_string() : nullptr;
    return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

bn_ptr number_of(const secret_string& bytes)
{
    return {BN_bin2bn(data_of(bytes.reveal()), static_cast<int>(bytes.size()), nullptr), BN_clear_free};
}

EVP_PKEY* from_params(const char* algorithm, OSSL_PARAM_BLD* build, bool is_private)
{
    const param_ptr params(OSSL_PARAM_BLD_to_param(build), OSSL_PARAM_free);
    const context_ptr context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr), EVP_PKEY_CTX_free);
    EVP_PKEY* made = nullptr;
    if (params && context && EVP_PKEY_fromdata_init(context.get()) == 1)
        EVP_PKEY_fromdata(context.get(), &made, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params.get());
    ERR_clear_error();
    return made;
}

EVP_PKEY* rsa_from(const boost::json::object& jwk, bool wants_private)
{
    struct part {
        const char* jwk;
        const char* openssl;
    };
    static constexpr std::array<part, 8> parts{{{"n", OSSL_PKEY_PARAM_RSA_N},
                                                {"e", OSSL_PKEY_PARAM_RSA_E},
                                                {"d", OSSL_PKEY_PARAM_RSA_D},
                                                {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
                                                {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
                                                {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
                                                {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
                                                {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1}}};
    const build_ptr build(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
    std::vector<bn_ptr> numbers; // until the parameters are made
    for (std::size_t i = 0; i < (wants_private ? parts.size() : 2); ++i) {
        const auto bytes = bytes_of(jwk, parts[i].jwk);
        if (!bytes && i < (wants_private ? 3 : 2)) return nullptr;
        if (!bytes) break; // n, e and d are enough
        numbers.push_back(number_of(*bytes));
        if (!build || OSSL_PARAM_BLD_push_BN(build.get(), parts[i].openssl, numbers.back().get()) != 1) return nullptr;
    }
    return from_params("RSA", build.get(), wants_private);
}

EVP_PKEY* ec_from(const boost::json::object& jwk, bool wants_private)
{
    const curve* found = nullptr;
    for (const curve& c : curves)
        if (text_of(jwk, "crv") == c.crv) found = &c;
    const auto x = bytes_of(jwk, "x"), y = bytes_of(jwk, "y"), d = bytes_of(jwk, "d");
    // RFC 7518 6.2.1.2: the full size, with leading zeros
    if (!found || !x || !y || x->size() != found->size || y->size() != found->size) return nullptr;
    if (wants_private && (!d || d->size() != found->size)) return nullptr;
    std::string point(1, '\4'); // uncompressed
    point.append(x->reveal()).append(y->reveal());
    const build_ptr build(OSSL_PARAM_BLD_new(), OSSL_PARAM_BLD_free);
    const bn_ptr secret = wants_private ? number_of(*d) : bn_ptr(nullptr, BN_clear_free);
    if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, found->group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1 ||
        (wants_private && OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, secret.get()) != 1))
        return nullptr;
    return from_params("EC", build.get(), wants_private);
}

EVP_PKEY* okp_from(const boost::json::object& jwk, bool wants_private)
{
    const auto bytes = bytes_of(jwk, wants_private ? "d" : "x");
    if (text_of(jwk, "crv") != "Ed25519" || !bytes || bytes->size() != 32) return nullptr;
    EVP_PKEY* made = wants_private
                         ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, data_of(bytes->reveal()), 32)
                         : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, data_of(bytes->reveal()), 32);
    ERR_clear_error();
    return made;
}

// A point that is not on the curve, or a private key that is not the public one's, must not be used.
bool is_sound(EVP_PKEY* p, bool is_private)
{
    const context_ptr context(EVP_PKEY_CTX_new_from_pkey(nullptr, p, nullptr), EVP_PKEY_CTX_free);
    const bool sound = context && (is_private && EVP_PKEY_get_base_id(p) != EVP_PKEY_ED25519
                                       ? EVP_PKEY_pairwise_check(context.get()) == 1
                                       : EVP_PKEY_public_check(context.get()) == 1);
    ERR_clear_error();
    return sound;
}

std::string number_text(EVP_PKEY* p, const char* name, std::size_t size)
{
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(p, name, &raw) != 1) fail("OpenSSL does not show a part of a public key");
    const bn_ptr number(raw, BN_clear_free);
    std::string bytes(size ? size : static_cast<std::size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2binpad(raw, data_of(bytes), static_cast<int>(bytes.size()));
    return base64url(bytes);
}

// Nobody is asked for a password on a terminal.
int no_password(char*, int, int, void*) { return -1; }

} // namespace

std::optional<key> key::wrap(evp_pkey_st* p)
{
    std::shared_ptr<EVP_PKEY> owned(p, EVP_PKEY_free);
    if (!p) return std::nullopt;
    switch (EVP_PKEY_get_base_id(p)) {
    case EVP_PKEY_RSA: {
        const int bits = EVP_PKEY_get_bits(p);
        if (bits < least_rsa_bits || bits > most_rsa_bits) return std::nullopt;
        return key(std::move(owned), kind::rsa);
    }
    case EVP_PKEY_ED25519: return key(std::move(owned), kind::ed25519);
    case EVP_PKEY_EC: break;
    default: return std::nullopt;
    }
    std::array<char, 64> name{};
    std::size_t size = 0;
    if (EVP_PKEY_get_group_name(p, name.data(), name.size(), &size) == 1)
        for (const curve& c : curves)
            if (std::string_view(name.data(), size) == c.group) return key(std::move(owned), c.kind);
    return std::nullopt;
}

std::optional<key> key::from_jwk(const boost::json::object& jwk, bool wants_private)
{
    const std::string_view kty = text_of(jwk, "kty");
    EVP_PKEY* const p = kty == "RSA"   ? rsa_from(jwk, wants_private)
                        : kty == "EC"  ? ec_from(jwk, wants_private)
                        : kty == "OKP" ? okp_from(jwk, wants_private)
                                       : nullptr;
    std::optional<key> made = wrap(p);
    if (made && !is_sound(made->get(), wants_private)) made.reset();
    return made;
}

std::optional<key> key::public_from_jwk(const boost::json::object& jwk) { return from_jwk(jwk, false); }

key key::private_from_jwk(const boost::json::object& jwk)
{
    std::optional<key> made = from_jwk(jwk, true);
    if (!made)
        fail("not a private JWK of RSA with 2048 bits or more, EC on P-256, P-384 or P-521, or OKP Ed25519 (RFC 7517, "
             "8037)");
    return *std::move(made);
}

key key::private_from_pem(std::string_view text)
{
    const bio_ptr bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free);
    if (!bio) throw std::bad_alloc();
    std::optional<key> made = wrap(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    ERR_clear_error();
    if (!made)
        fail("not a PEM private key without password of RSA with 2048 bits or more, EC on P-256, P-384 or P-521, or "
             "Ed25519");
    return *std::move(made);
}

key key::generate(kind k)
{
    EVP_PKEY* const p = k == kind::rsa       ? EVP_RSA_gen(3072)
                        : k == kind::ed25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")
                                             : EVP_EC_gen(curve_of(k)->group);
    std::optional<key> made = wrap(p);
    if (!made) fail("OpenSSL could not make a key; check its configuration (openssl.cnf) and entropy source");
    return *std::move(made);
}

std::string key::public_jwk() const
{
    if (kind_ == kind::rsa)
        return R"({"e":")" + number_text(get(), OSSL_PKEY_PARAM_RSA_E, 0) + R"(","kty":"RSA","n":")" +
               number_text(get(), OSSL_PKEY_PARAM_RSA_N, 0) + "\"}";
    if (kind_ == kind::ed25519) {
        std::string raw(32, '\0');
        std::size_t size = raw.size();
        if (EVP_PKEY_get_raw_public_key(get(), data_of(raw), &size) != 1) fail("OpenSSL does not show a public key");
        return R"({"crv":"Ed25519","kty":"OKP","x":")" + base64url(raw) + "\"}";
    }
    const curve& c = *curve_of(kind_);
    return std::string(R"({"crv":")") + c.crv + R"(","kty":"EC","x":")" +
           number_text(get(), OSSL_PKEY_PARAM_EC_PUB_X, c.size) + R"(","y":")" +
           number_text(get(), OSSL_PKEY_PARAM_EC_PUB_Y, c.size) + "\"}";
}

std::string key::thumbprint() const { return sha256_text(public_jwk()); }

secret_string key::to_pem() const
{
    const bio_ptr bio(BIO_new(BIO_s_secmem()), BIO_free);
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        fail("OpenSSL could not write a key");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return secret_string(std::string_view(data, static_cast<std::size_t>(size)));
}

} // namespace afresh::crypto
