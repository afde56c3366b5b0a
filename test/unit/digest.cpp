#include "crypto/digest.hpp"

#include <boost/test/unit_test.hpp>

#include <cctype>
#include <set>

using namespace afresh::crypto;

BOOST_AUTO_TEST_SUITE(digest)

// FIPS 180-4 examples (NIST CSRC), in base64url.
BOOST_AUTO_TEST_CASE(a_fingerprint_is_the_sha_256_of_the_secret)
{
    BOOST_TEST(fingerprint("") == ""); // of nothing: nothing
    BOOST_TEST(fingerprint("abc") == "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    BOOST_TEST(fingerprint("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
               "JI1qYdIGOLjlwCaTDD5gOaM85Flk_yFn9uzt1BnbBsE");
    BOOST_TEST(fingerprint(std::string(1'000'000, 'a')) == "zcduXJkU-5KBocfihNc-Z_GAmkiklyAOBG05zMcRLNA");
}

// RFC 7636 appendix B: the S256 code challenge is the same function.
BOOST_AUTO_TEST_CASE(a_fingerprint_is_base64url_without_padding)
{
    BOOST_TEST(fingerprint("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") ==
               "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

BOOST_AUTO_TEST_CASE(random_text_has_the_length_and_alphabet_of_base64url_and_does_not_repeat)
{
    BOOST_TEST(random_text(0).empty());
    BOOST_TEST(random_text(1).size() == 2u);
    BOOST_TEST(random_text(32).size() == 43u);
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string text = random_text(16);
        for (const char c : text)
            BOOST_REQUIRE((std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'));
        BOOST_REQUIRE(seen.insert(text).second);
    }
}

BOOST_AUTO_TEST_CASE(random_units_fill_the_interval_and_never_reach_one)
{
    double sum = 0;
    int low = 0;
    int high = 0;
    for (int i = 0; i < 10'000; ++i) {
        const double u = random_unit();
        BOOST_REQUIRE((u >= 0 && u < 1));
        sum += u;
        low += u < 0.1;
        high += u >= 0.9;
    }
    BOOST_TEST((sum > 4700 && sum < 5300)); // ten standard deviations
    BOOST_TEST((low > 700 && low < 1300));
    BOOST_TEST((high > 700 && high < 1300));
}

BOOST_AUTO_TEST_SUITE_END()
