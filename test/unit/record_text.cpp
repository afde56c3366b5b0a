// The stored text of a record: exact both ways, and nothing else is taken for one (FAULTS A4).

#include "support/commands.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

chain_record full()
{
    chain_record r;
    r.generation = std::numeric_limits<std::uint64_t>::max();
    r.state = grant_state::dead;
    r.refresh_token = "r\"\\\b\n\x7f\t~";
    r.rt_hash = "#r";
    r.dpop = {"jkt", "ES256", "-----BEGIN PRIVATE KEY-----\n", "nonce"};
    r.session = R"({"iss":"https://as.example"})";
    r.seed_hash = "#s";
    r.other_seeds = {"#t", "", "#u"};
    r.tokens = {access_token("a1", "read write", "https://api.example/?a=b&c"), access_token("", "", "")};
    r.tokens[0].id_token = "e30.e30.";
    r.tokens[0].dpop_jkt = "thumb";
    r.tokens[0].granted_scope = "read";
    r.tokens[0].obtained_at = store_time(1'700'000'000'123'456'789ns);
    r.tokens[0].expires_at = store_time(1'700'000'300'987'654'321ns);
    r.tokens[0].generation = 41;
    r.tokens[1].expires_at = store_time{}; // not the same as none
    r.intent = {"#r", store_time(-1ns), std::numeric_limits<std::uint32_t>::max(), true};
    r.holder = {"owner#id:1", std::numeric_limits<std::uint64_t>::max() - 1, store_time::max()};
    r.not_before = store_time::min();
    r.retry_in = 86'400'000ms;
    r.last_cause = "Connexion refus\xc3\xa9"
                   "e";
    return r;
}

std::string text_of(const chain_record& r) { return std::string(to_text(r).reveal()); }

bool is_refused(const std::string& text)
{
    const auto r = parse_chain_record(text);
    return !r && r.error() == errc::store_failed;
}

std::string replaced(std::string text, std::string_view from, std::string_view to)
{
    const auto at = text.find(from);
    BOOST_REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

} // namespace

BOOST_AUTO_TEST_SUITE(record_text)

BOOST_AUTO_TEST_CASE(what_is_no_record_is_refused)
{
    for (const char* text :
         {"", " ", "{}", "[]", "null", "0", "\"\"", "{\"v\":1}", "{\"v\":1,\"sum\":\"\",\"record\":{}}",
          "{\"v\":1,\"sum\":0,\"record\":[]}", "SQLite format 3", "\xff\xfe"})
        BOOST_TEST_CONTEXT(text) { BOOST_TEST(is_refused(text)); }
}

BOOST_AUTO_TEST_CASE(every_cut_is_refused)
{
    const std::string text = text_of(full());
    for (std::size_t n = 0; n < text.size(); ++n)
        if (!is_refused(text.substr(0, n))) BOOST_ERROR("cut at " << n << " was taken for a record");
    BOOST_TEST(is_refused(text + " "));
    BOOST_TEST(is_refused(text + text));
}

BOOST_AUTO_TEST_CASE(every_flipped_bit_is_refused)
{
    const std::string text = text_of(full());
    for (std::size_t i = 0; i < text.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            std::string flipped = text;
            flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
            if (!is_refused(flipped)) BOOST_ERROR("bit " << bit << " of byte " << i << " was not missed");
        }
}

BOOST_AUTO_TEST_CASE(another_version_spelling_or_member_is_refused)
{
    const std::string text = text_of(full());
    BOOST_TEST(is_refused(replaced(text, "\"v\":1", "\"v\":2")));
    BOOST_TEST(is_refused(replaced(text, "\"v\":1", "\"v\": 1")));
    BOOST_TEST(is_refused(replaced(text, "\"v\":1", "\"v\":1,\"v\":1")));
    BOOST_TEST(is_refused(replaced(text, "\"v\":1", "\"v\":1,\"w\":1")));
    BOOST_TEST(is_refused(replaced(text, "\"fence\":", "\"fence\":0")));
    BOOST_TEST(is_refused(replaced(text, "\"dead\"", "\"dood\"")));
    BOOST_TEST(is_refused(replaced(text, "\"#s\"", "\"\\u0023s\"")));
    BOOST_TEST(is_refused(replaced(text, "\"attempts\":4294967295", "\"attempts\":4294967296")));
    BOOST_TEST(is_refused(replaced(text, "#s", "\xe2\x82\xac")));
}

BOOST_AUTO_TEST_CASE(a_full_record_comes_back_exactly)
{
    const chain_record r = full();
    const auto back = parse_chain_record(text_of(r));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == r));
    BOOST_TEST((back->tokens[0].obtained_at.time_since_epoch() == 1'700'000'000'123'456'789ns));
    BOOST_TEST(back->tokens[1].expires_at.has_value());
}

BOOST_AUTO_TEST_CASE(an_empty_record_comes_back_exactly)
{
    const auto back = parse_chain_record(text_of(chain_record()));
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == chain_record()));
}

BOOST_AUTO_TEST_CASE(every_byte_comes_back_and_the_text_is_printable_ascii)
{
    std::string bytes;
    for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
    chain_record r;
    r.refresh_token = bytes;
    r.last_cause = bytes;
    const std::string text = text_of(r);
    for (const char c : text) BOOST_REQUIRE((c >= 0x20 && c < 0x7f));
    const auto back = parse_chain_record(text);
    BOOST_REQUIRE(back.has_value());
    BOOST_TEST((*back == r));
}

BOOST_AUTO_TEST_CASE(every_state_has_its_name)
{
    for (const grant_state state : {grant_state::live, grant_state::dead, grant_state::signed_out}) {
        chain_record r;
        r.state = state;
        BOOST_TEST(parse_chain_record(text_of(r))->state == state);
    }
}

BOOST_AUTO_TEST_SUITE_END()
