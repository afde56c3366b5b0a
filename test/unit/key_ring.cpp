// Sealing: AES-256-GCM, the keys it takes, and what does not open (FAULTS B12).
#include "crypto/aead.hpp"
#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "support/print_errc.hpp"
#include "support/temp_directory.hpp"

#include <afresh/key_ring.hpp>

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <set>
#include <vector>

using namespace afresh;
using namespace afresh::test;

namespace {

std::string bytes(std::string_view hex)
{
    std::string out;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        out += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
    return out;
}

const std::string one(32, '1');
const std::string two(32, '2');

// Why; empty if it opens.
std::string problem(const key_ring& keys, std::string_view chain, std::uint64_t generation, std::string_view sealed)
{
    try {
        (void)keys.open(chain, generation, sealed);
        return {};
    } catch (const std::runtime_error& e) {
        return e.what();
    }
}
template <class Make>
std::string refusal(Make make)
{
    try {
        make();
        return {};
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code() == errc::invalid_argument);
        return e.what();
    }
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_AUTO_TEST_SUITE(key_rings)

// McGrew and Viega, The Galois/Counter Mode of Operation, test case 16.
BOOST_AUTO_TEST_CASE(what_others_encrypted_is_decrypted)
{
    const std::string key = bytes("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    const std::string sealed = bytes("cafebabefacedbaddecaf888"
                                     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                                     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                                     "76fc6ece0f4e1768cddf8853bb2d551b");
    const auto text = crypto::decrypt(key, bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed);
    BOOST_REQUIRE(text);
    BOOST_TEST((text->reveal() == bytes("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                                        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")));
    BOOST_TEST(!crypto::decrypt(key, "", sealed));
    BOOST_TEST(!crypto::decrypt(key.substr(1), "", sealed));
    for (std::size_t size = 0; size < sealed.size(); ++size)
        BOOST_TEST(!crypto::decrypt(key, bytes("feedfacedeadbeeffeedfacedeadbeefabaddad2"), sealed.substr(0, size)));
}

// RFC 4231 4.2
BOOST_AUTO_TEST_CASE(a_derived_key_is_an_hmac)
{
    BOOST_TEST((crypto::hmac_sha256(std::string(20, '\x0b'), "Hi There").reveal() ==
                bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")));
}

// RFC 4648 10
BOOST_AUTO_TEST_CASE(base64_is_read_strictly)
{
    const auto read = [](std::string_view text) {
        const auto out = crypto::from_base64(text);
        return out ? std::string(out->reveal()) : std::string("none");
    };
    BOOST_TEST(read("Zg==") == "f");
    BOOST_TEST(read("Zm8=") == "fo");
    BOOST_TEST(read("Zm9v") == "foo");
    BOOST_TEST(read("Zm9vYmFy") == "foobar");
    for (const char* bad :
         {"", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", " Zm9v", "Zm9 v123", "Zm=v", "Zm9-", "Zg==Zg=="})
        BOOST_TEST(read(bad) == "none", bad);
}

BOOST_AUTO_TEST_CASE(what_was_sealed_opens_and_shows_nothing)
{
    const key_ring keys("k1", one);
    std::set<std::string> all;
    for (const std::size_t size : {0u, 1u, 16u, 70'000u}) {
        const secret_string text(std::string(size, 't'));
        const std::string sealed = keys.seal("alice", 7, text);
        BOOST_TEST((keys.open("alice", 7, sealed) == text));
        BOOST_TEST(key_ring::id_of(sealed) == "k1");
        BOOST_TEST(!has(sealed, "tttt"));
        all.insert(sealed);
        all.insert(keys.seal("alice", 7, text)); // never the same twice
    }
    BOOST_TEST(all.size() == 8u);
}

BOOST_AUTO_TEST_CASE(what_was_changed_or_moved_does_not_open)
{
    const key_ring keys("k1", one);
    const std::string sealed = keys.seal("alice", 7, secret_string("a secret"));
    BOOST_TEST(has(problem(keys, "bob", 7, sealed), "changed by somebody"));
    BOOST_TEST(has(problem(keys, "alice", 8, sealed), "changed by somebody"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string other = sealed;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        BOOST_TEST(!problem(keys, "alice", 7, other).empty(), i);
        BOOST_TEST(!problem(keys, "alice", 7, sealed.substr(0, i)).empty(), i);
    }
    BOOST_TEST(has(problem(key_ring("k1", two), "alice", 7, sealed), "another key 'k1'"));
    BOOST_TEST(has(problem(key_ring("k2", one), "alice", 7, sealed), "'k1', which is not in the key ring"));
    BOOST_TEST(has(problem(key_ring(), "alice", 7, sealed), "'k1', which is not in the key ring"));
    BOOST_TEST(has(problem(keys, "alice", 7, "{\"version\":1}"), "not sealed"));
    BOOST_CHECK_THROW(key_ring().seal("alice", 7, secret_string("x")), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(an_older_key_opens_and_does_not_seal)
{
    const std::string old = key_ring("k1", one).seal("alice", 1, secret_string("text"));
    key_ring keys("k2", two);
    keys.add("k1", one);
    BOOST_TEST((keys.open("alice", 1, old) == secret_string("text")));
    BOOST_TEST(key_ring::id_of(keys.seal("alice", 1, secret_string("text"))) == "k2");
    BOOST_TEST(keys.has("k1"));
    BOOST_TEST(!keys.has("k3"));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_is_refused_without_showing_it)
{
    BOOST_TEST(has(refusal([] { key_ring("k1", std::string(31, 'x')); }), "31 bytes, not 32"));
    BOOST_TEST(has(refusal([] { key_ring("k1", std::string(33, 'x')); }), "33 bytes"));
    for (const std::string id : {"", "a:b", "a b", "caf\xc3\xa9", "a%"})
        BOOST_TEST(has(refusal([&] { key_ring(id, one); }), "letters, digits"));
    BOOST_TEST(has(refusal([] { key_ring(std::string(65, 'k'), one); }), "64"));
    BOOST_TEST(has(refusal([] { key_ring("k1", one).add("k1", two); }), "two keys"));
    BOOST_TEST(has(refusal([] { key_ring().add("k1", two); }), "constructor"));
}

BOOST_AUTO_TEST_CASE(keys_come_from_a_file)
{
    const temp_directory d;
    const std::string path = d / "keys";
    const auto write = [&](const std::string& text, std::filesystem::perms mode = std::filesystem::perms(0600)) {
        std::ofstream(path, std::ios::trunc) << text;
        std::filesystem::permissions(path, mode);
        return path;
    };
    const std::string base64_one = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
    const std::string base64_two = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";
    const auto ring =
        key_ring::from_file(write("# the newest first\n\n  2026-11 \t" + base64_two + "  \n2025-03 " + base64_one));
    BOOST_TEST(ring.id() == "2026-11");
    BOOST_TEST((ring.open("c", 1, key_ring("2025-03", one).seal("c", 1, secret_string("t"))) == secret_string("t")));
    BOOST_TEST((key_ring("2026-11", two).open("c", 1, ring.seal("c", 1, secret_string("t"))) == secret_string("t")));
    const std::vector<std::string> wrong{"k1", "k1 short=", "k1 MTE=", "k1 " + base64_one + " more", ": " + base64_one};
    for (const std::string& bad : wrong) {
        const std::string why = refusal([&] { key_ring::from_file(write("# x\n" + bad)); });
        BOOST_TEST(has(why, "line 2"), why);
        BOOST_TEST(!has(why, base64_one));
    }
    BOOST_TEST(has(refusal([&] { key_ring::from_file(write("k1 " + base64_one + "\nk1 " + base64_two)); }), "line 2"));
    BOOST_TEST(has(refusal([&] { key_ring::from_file(write("# nothing\n")); }), "has no key"));
    const auto others = std::filesystem::perms(0604);
    BOOST_TEST(has(refusal([&] { key_ring::from_file(write("k1 " + base64_one, others)); }), "chmod"));
    BOOST_TEST(has(refusal([&] { key_ring::from_file(d / "none"); }), "cannot be read"));
    BOOST_TEST(has(refusal([&] { key_ring::from_file(d.path()); }), d.path()));

    ::setenv("AFRESH_TEST_KEYS", ("k2 " + base64_two + ";k1 " + base64_one).c_str(), 1);
    BOOST_TEST(key_ring::from_environment("AFRESH_TEST_KEYS").id() == "k2");
    BOOST_TEST(key_ring::from_environment("AFRESH_TEST_KEYS").has("k1"));
    ::unsetenv("AFRESH_TEST_KEYS");
    BOOST_TEST(has(refusal([] { key_ring::from_environment("AFRESH_TEST_KEYS"); }), "not set"));
}

BOOST_AUTO_TEST_CASE(keys_that_live_elsewhere_are_asked_for_once)
{
    int asked = 0;
    const auto ring = key_ring::from_callback("k1", [&](const std::string& id) {
        ++asked;
        if (id == "gone") throw std::runtime_error("no such key");
        return secret_string(id == "k1" ? one : id == "k2" ? two : std::string("short"));
    });
    for (int i = 0; i < 3; ++i) (void)ring.seal("c", 1, secret_string("t"));
    BOOST_TEST(asked == 1);
    BOOST_TEST(ring.has("k2"));
    BOOST_TEST(!ring.has("gone"));
    BOOST_TEST(!ring.has("other"));
    BOOST_TEST(has(refusal([] { key_ring::from_callback("k", [](const std::string&) { return secret_string(); }); }),
                   "no key 'k'"));
    BOOST_TEST(has(refusal([] { key_ring::from_callback("k", nullptr); }), "no function"));
}

BOOST_AUTO_TEST_SUITE_END()
