// Answers and headers as no server should send them: 20,000 mutations each of real ones, the same in every run. The
// checks do not ask for a verdict but for what must hold whatever comes.
#include "core/challenge.hpp"
#include "core/text.hpp"
#include "core/url.hpp"
#include "exchange.hpp"

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <random>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

constexpr int rounds = 20'000;

class mutator {
public:
    explicit mutator(std::uint64_t seed) : random_(seed) {}
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
    template <std::size_t N>
    std::string_view one_of(const std::array<std::string_view, N>& all)
    {
        return all[below(N)];
    }
    template <std::size_t N>
    std::string mutate(std::string_view seed, const std::array<std::string_view, N>& dictionary)
    {
        std::string text(seed);
        for (std::size_t n = below(5); n > 0; --n) {
            const std::size_t at = below(text.size() + 1), length = below(text.size() - at + 1);
            switch (below(6)) {
            case 0: text.insert(at, 1, static_cast<char>(below(256))); break;
            case 1: text.erase(at, 1 + below(4)); break;
            case 2: text.insert(at, one_of(dictionary)); break;
            case 3: text.replace(at, length, one_of(dictionary)); break;
            case 4: text.insert(at, text.substr(at, length)); break;
            case 5:
                if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                break;
            }
        }
        return text;
    }

private:
    std::mt19937_64 random_;
};

constexpr std::array<std::string_view, 6> bodies{
    R"({"access_token":"SlAV32hkKG","token_type":"Bearer","refresh_token":"8xLOxBtZp8","expires_in":3600})",
    R"({"access_token":"at","refresh_token":"8xLOxBtZp8","token_type":"bearer","scope":"a b","id_token":"a.b.c","expires_in":"5"})",
    R"({"error":"invalid_grant","error_description":"grant request is invalid","error_uri":"https://a/"})",
    R"({"data":{"list":[1,2,{"a":null}]},"access_token":"\u0061\/","token_type":"Bearer","refresh_token":"r"})",
    R"({"timestamp":1,"status":401,"error":"Unauthorized","path":"/token"})",
    R"(<html>login</html>)",
};
constexpr std::array<std::string_view, 24> json_words{"{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ",",
                                                      ":",
                                                      "\"",
                                                      "\\u0000",
                                                      "\\",
                                                      "null",
                                                      "true",
                                                      "1e400",
                                                      "-1",
                                                      "99999999999999999999",
                                                      "[[[[[[[[[[[[[[[[[",
                                                      "\"error\":\"invalid_grant\",",
                                                      "\"refresh_token\":\"other\",",
                                                      "\"refresh_token\":7,",
                                                      "\"access_token\":\"x\",",
                                                      "\"expires_in\":18446744073709551616,",
                                                      "\xff",
                                                      "\xEF\xBB\xBF",
                                                      "\r\n",
                                                      "tGzv3JOkF0XG5Qx2TlKWIA"};
constexpr std::array<std::string_view, 6> types{
    "application/json", "application/json;charset=utf-8", "text/html", "", "application/x+json", ";"};
constexpr std::array<unsigned, 12> statuses{200, 200, 200, 201, 302, 400, 400, 401, 403, 429, 500, 503};

// What another reader makes of the body: its refresh token, if the body is an object that surely has exactly one.
std::string expected_refresh_token(const std::string& body)
{
    boost::system::error_code ec;
    const auto value = boost::json::parse(body, ec);
    if (ec || !value.is_object() || body.find('\\') != body.npos) return {};
    constexpr std::string_view name = "\"refresh_token\"";
    const auto first = body.find(name);
    if (first == body.npos || body.find(name, first + 1) != body.npos) return {};
    const auto* member = value.get_object().if_contains("refresh_token");
    return member && member->is_string() ? std::string(member->get_string().data(), member->get_string().size())
                                         : std::string();
}

bool clean(std::string_view text, std::size_t limit)
{
    return text.size() <= limit && core::printable(text, limit) == text && text.find("gX1fBat3bV") == text.npos &&
           text.find("tGzv3JOkF0XG5Qx2TlKWIA") == text.npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_mutated_answer_breaks_what_must_always_hold)
{
    mutator m(20'261'122);
    int good = 0, kept = 0, refused = 0;
    for (int i = 0; i < rounds; ++i) {
        const std::string body = m.mutate(m.one_of(bodies), json_words);
        http_fields fields;
        fields.add("Content-Type", std::string(m.one_of(types)));
        if (m.below(4) == 0) fields.add("Retry-After", m.mutate("120", json_words));
        const unsigned status = statuses[m.below(statuses.size())];
        const auto r = core::parse_token_response(transport_outcome(http_response(status, fields, body)), client(),
                                                  refreshing(), now);
        const bool success = status / 100 == 2;

        BOOST_TEST_CONTEXT("round " << i << ", status " << status << ": " << body)
        {
            const std::string expected = expected_refresh_token(body);
            if (success && !expected.empty()) {
                BOOST_TEST((r.outcome == verdict::ok || r.outcome == verdict::quarantined));
                BOOST_TEST(r.refresh_token.reveal() == expected);
                ++kept;
            }
            if (r.outcome == verdict::ok) {
                BOOST_TEST(success);
                BOOST_TEST(core::is_b64token(r.access_token.reveal()));
                BOOST_TEST(r.token_type == "Bearer");
                ++good;
            } else {
                BOOST_TEST(r.access_token.empty());
                BOOST_TEST(r.id_token.empty());
            }
            if (!success) BOOST_TEST(r.refresh_token.empty());
            if (r.outcome == verdict::refused) {
                BOOST_TEST(body.find("invalid_grant") != body.npos);
                ++refused;
            }
            BOOST_TEST(r.cause.failed() == (r.outcome != verdict::ok));
            if (r.expires_in) BOOST_TEST((*r.expires_in >= 1s && *r.expires_in <= 315'360'000s));
            if (r.said.retry_after) BOOST_TEST((*r.said.retry_after >= 0s && *r.said.retry_after <= 1h));
            BOOST_TEST(clean(r.said.error, 64));
            BOOST_TEST(clean(r.said.error_description, 256));
            BOOST_TEST(clean(r.said.error_uri, 256));
        }
    }
    // or else the mutations were too wild to test anything
    BOOST_TEST(good > rounds / 50);
    BOOST_TEST(kept > rounds / 50);
    BOOST_TEST(refused > rounds / 100);
}

BOOST_AUTO_TEST_CASE(no_mutated_challenge_breaks_the_grammar)
{
    static constexpr std::array<std::string_view, 5> seeds{
        R"(Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"")",
        R"(Bearer realm="example", error="invalid_token", error_description="The access token expired")",
        R"(DPoP realm="http://127.0.0.1:36041", error="use_dpop_nonce", algs="ES256 EdDSA")",
        "Negotiate a87421000492aa874209af8bc028==, NTLM", "Bearer"};
    static constexpr std::array<std::string_view, 14> words{
        "\"", "\\", ",", "=", " ", "\t", "Bearer ", "error=", "invalid_token", "\r\n", "\x01", "\xff", "==", "DPoP"};
    mutator m(6750);
    std::size_t challenges = 0;
    for (int i = 0; i < rounds; ++i) {
        http_fields fields;
        for (std::size_t n = m.below(3) + 1; n > 0; --n)
            fields.add("WWW-Authenticate", m.mutate(m.one_of(seeds), words));
        for (const auto& c : core::parse_challenges(fields)) {
            BOOST_TEST(core::is_http_token(c.scheme));
            BOOST_TEST((c.token68.empty() || (core::is_b64token(c.token68) && c.parameters.empty())));
            for (const auto& [name, value] : c.parameters)
                BOOST_TEST((core::is_http_token(name) && core::is_field_value(value)));
            ++challenges;
        }
        const auto action = core::classify_challenge(401, fields);
        BOOST_TEST((action == core::challenge_action::renew || action == core::challenge_action::none ||
                    action == core::challenge_action::prove_again));
    }
    BOOST_TEST(challenges > static_cast<std::size_t>(rounds));
}

BOOST_AUTO_TEST_CASE(no_mutated_date_gives_a_negative_wait)
{
    static constexpr std::array<std::string_view, 4> seeds{
        "120", "Sun, 06 Nov 2094 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 2094"};
    static constexpr std::array<std::string_view, 8> words{"0", "9", " ", "-", ":", "GMT", "Feb", "9999"};
    mutator m(9110);
    for (int i = 0; i < rounds; ++i)
        if (const auto wait = core::parse_retry_after(m.mutate(m.one_of(seeds), words), now)) BOOST_TEST((*wait >= 0s));
}

BOOST_AUTO_TEST_CASE(a_url_that_is_accepted_has_one_meaning)
{
    static constexpr std::array<std::string_view, 5> seeds{"https://api.example.com/a/b?c=d#e",
                                                           "http://localhost:8080/", "https://[2001:db8::1]:8443/x",
                                                           "https://127.0.0.1", "HTTPS://A.b./%41?"};
    static constexpr std::array<std::string_view, 14> words{"@", ":",   "/",  "\\",   "#",    "?",   "[",
                                                            "]", "%00", "..", "\r\n", "0x7f", "443", "user:pw@"};
    mutator m(3986);
    int accepted = 0;
    for (int i = 0; i < rounds; ++i) {
        const auto url = core::parse_url(m.mutate(m.one_of(seeds), words));
        if (!url) continue;
        ++accepted;
        BOOST_TEST(url->authority().find_first_of("@\\/?# \r\n") == std::string::npos);
        BOOST_TEST(url->target.starts_with('/'));
        BOOST_TEST(url->target.find_first_of("# \r\n") == std::string::npos);
        const auto again = core::parse_url(url->origin + url->target);
        BOOST_REQUIRE(again.has_value());
        BOOST_TEST(again->origin == url->origin);
        BOOST_TEST(again->target == url->target);
        BOOST_TEST(again->port == url->port);
    }
    BOOST_TEST(accepted > rounds / 20);
}
