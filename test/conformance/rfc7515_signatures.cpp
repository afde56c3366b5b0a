// RFC 7515 (JWS), 7517 and 7518 (keys and algorithms), 7638 (thumbprints), 8037 (Ed25519), and FAULTS B17: bad keys and
// signatures first, then the RFCs' own vectors.

#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/signature.hpp"
#include "support/jws_vectors.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using namespace afresh::crypto;
namespace rfc = afresh::test::rfc;

namespace {

boost::json::object jwk(std::string_view text) { return boost::json::parse({text.data(), text.size()}).as_object(); }

boost::json::object without(boost::json::object o, std::string_view name)
{
    o.erase(name);
    return o;
}

boost::json::object with(boost::json::object o, std::string_view name, std::string_view value)
{
    o[name] = value;
    return o;
}

std::string bytes(std::string_view base64url)
{
    const auto decoded = from_base64url(base64url);
    BOOST_REQUIRE(decoded.has_value());
    return std::string(decoded->reveal());
}

} // namespace

BOOST_AUTO_TEST_CASE(base64url_has_one_spelling_only)
{
    for (const auto bad : {"A", "AA==", "AB", "A+AA", "A/AA", "AA A", "AAA\n", "\xc3\xa4", "AAAAA"})
        BOOST_TEST(!from_base64url(bad).has_value(), bad);
    BOOST_TEST(from_base64url("")->reveal() == "");
    BOOST_TEST(from_base64url("-_8")->reveal() == "\xfb\xff");
    BOOST_TEST(base64url("\xfb\xff") == "-_8");
}

BOOST_AUTO_TEST_CASE(a_broken_key_is_no_key)
{
    const auto ec = jwk(rfc::es256_jwk), rsa = jwk(rfc::rsa_jwk), okp = jwk(rfc::eddsa_jwk);
    BOOST_TEST(key::public_from_jwk(ec).has_value());
    BOOST_TEST(key::public_from_jwk(rsa).has_value());
    BOOST_TEST(key::public_from_jwk(okp).has_value());
    const std::pair<const char*, boost::json::object> table[] = {
        {"no kty", without(ec, "kty")},
        {"kty of another case", with(ec, "kty", "ec")},
        {"a shared secret", jwk(R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"})")},
        {"no curve", without(ec, "crv")},
        {"a curve nobody signs with here", with(ec, "crv", "secp256k1")},
        {"another curve's size", with(ec, "crv", "P-384")},
        {"no y", without(ec, "y")},
        {"x with padding", with(ec, "x", "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU=")},
        {"a point off the curve", with(ec, "y", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a1")},
        {"RSA of 512 bits", with(rsa, "n", std::string(86, 'x'))},
        {"RSA without exponent", without(rsa, "e")},
        {"an even RSA modulus", with(rsa, "n", std::string(341, 'A') + "g")},
        {"Ed25519 one byte short", with(okp, "x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ")},
        {"X25519", with(okp, "crv", "X25519")},
    };
    for (const auto& [what, bad] : table) BOOST_TEST(!key::public_from_jwk(bad).has_value(), what);
}

BOOST_AUTO_TEST_CASE(a_private_key_that_is_not_the_public_one_s_is_refused)
{
    BOOST_CHECK_THROW(key::private_from_jwk(with(jwk(rfc::es256_jwk), "d", std::string(42, 'A') + "Q")),
                      std::runtime_error);
    BOOST_CHECK_THROW(key::private_from_jwk(without(jwk(rfc::es256_jwk), "d")), std::runtime_error);
    BOOST_CHECK_THROW(key::private_from_jwk(jwk(rfc::rsa_jwk)), std::runtime_error);
    for (const auto bad :
         {"", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
          "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC "
          "KEY-----\n"})
        BOOST_CHECK_THROW(key::private_from_pem(bad), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_rsa_signature_of_the_rfc)
{
    const auto k = key::public_from_jwk(jwk(rfc::rs256_jwk));
    BOOST_REQUIRE(k.has_value());
    const std::string good = bytes(rfc::rs256_signature);
    BOOST_TEST(verify(algorithm::rs256, *k, rfc::rs256_input, good));
    BOOST_TEST(!verify(algorithm::rs384, *k, rfc::rs256_input, good));
    BOOST_TEST(!verify(algorithm::ps256, *k, rfc::rs256_input, good));
    std::string bad = good;
    bad.back() ^= 1;
    BOOST_TEST(!verify(algorithm::rs256, *k, rfc::rs256_input, bad));
}

BOOST_AUTO_TEST_CASE(a_changed_signature_text_or_algorithm_is_refused)
{
    const key k = key::private_from_jwk(jwk(rfc::es256_jwk));
    const std::string good = bytes(rfc::es256_signature);
    BOOST_TEST(verify(algorithm::es256, k, rfc::es256_input, good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 1);
        BOOST_TEST(!verify(algorithm::es256, k, rfc::es256_input, bad), i);
    }
    BOOST_TEST(!verify(algorithm::es256, k, std::string(rfc::es256_input) + " ", good));
    BOOST_TEST(!verify(algorithm::es256, k, rfc::es256_input, ""));
    BOOST_TEST(!verify(algorithm::es256, k, rfc::es256_input, good.substr(1)));
    BOOST_TEST(!verify(algorithm::es256, k, rfc::es256_input, std::string(64, '\0'))); // CVE-2022-21449
    BOOST_TEST(!verify(algorithm::es384, k, rfc::es256_input, good));
    BOOST_TEST(!verify(algorithm::rs256, k, rfc::es256_input, good));
    BOOST_TEST(!verify(algorithm::eddsa, k, rfc::es256_input, good));
    for (const auto name : {"none", "None", "HS256", "es256", "ES256K", "RS1", ""})
        BOOST_TEST(!algorithm_named(name).has_value(), name);
    BOOST_CHECK_THROW(sign(algorithm::rs256, k, "x"), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(the_rfc_vectors)
{
    BOOST_TEST(base64url(hmac_sha256(bytes(rfc::hs256_key), rfc::hs256_input).reveal()) == rfc::hs256_signature);
    const key ed = key::private_from_jwk(jwk(rfc::eddsa_jwk));
    BOOST_TEST(base64url(sign(algorithm::eddsa, ed, rfc::eddsa_input)) == rfc::eddsa_signature);
    BOOST_TEST(verify(algorithm::eddsa, ed, rfc::eddsa_input, bytes(rfc::eddsa_signature)));
    BOOST_TEST(ed.thumbprint() == rfc::eddsa_thumbprint);
    BOOST_TEST(key::public_from_jwk(jwk(rfc::rsa_jwk))->thumbprint() == rfc::rsa_thumbprint);
    // RFC 7636 appendix B
    BOOST_TEST(sha256_text("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
               "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

BOOST_AUTO_TEST_CASE(each_algorithm_signs_what_it_verifies_and_no_other_does)
{
    using kind = key::kind;
    const key keys[] = {key::generate(kind::rsa), key::generate(kind::ec_p256), key::generate(kind::ec_p384),
                        key::generate(kind::ec_p521), key::generate(kind::ed25519)};
    for (int i = 0; i <= static_cast<int>(algorithm::eddsa); ++i)
        for (const key& k : keys) {
            const auto a = static_cast<algorithm>(i);
            BOOST_TEST((algorithm_named(name_of(a)) == a));
            if (!fits(a, k.type())) continue;
            const std::string made = sign(a, k, "text");
            const auto same = key::public_from_jwk(jwk(k.public_jwk()));
            BOOST_REQUIRE(same.has_value());
            BOOST_TEST(verify(a, *same, "text", made), name_of(a));
            BOOST_TEST(!verify(a, *same, "test", made), name_of(a));
            for (int j = 0; j <= static_cast<int>(algorithm::eddsa); ++j)
                if (j != i) BOOST_TEST(!verify(static_cast<algorithm>(j), *same, "text", made));
            BOOST_TEST(key::private_from_pem(k.to_pem().reveal()).thumbprint() == k.thumbprint());
        }
}
