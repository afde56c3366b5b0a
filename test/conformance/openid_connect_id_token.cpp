// OpenID Connect Core 3.1.3.7 and 12.2, RFC 7515, RFC 8725, and FAULTS A23, B17, B18: a good ID token, and one mutation for
// each rule.

#include "core/id_token.hpp"
#include "core/strict_json.hpp"
#include "crypto/digest.hpp"
#include "flow/provider_state.hpp"
#include "support/fake_provider.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/sign_in_error.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using test::fake_provider;
namespace json = boost::json;

namespace {

struct world {
    std::shared_ptr<fake_provider> server = std::make_shared<fake_provider>();
    provider op{server->issuer, test::options_for(server)};
    core::id_token_expectation expected;

    world()
    {
        expected.issuer = server->issuer;
        expected.client_id = "client";
        expected.nonce = "n";
        server->claims["nonce"] = "n";
    }
    // What verify() says: empty for a good one.
    std::string verdict(std::string token)
    {
        asio::io_context context;
        try {
            test::run(context, op.implementation()->verify(std::move(token), expected));
        } catch (const sign_in_error& e) {
            BOOST_TEST((e.code() == errc::invalid_id_token), e.what());
            return e.what();
        }
        return {};
    }
    std::string verdict() { return verdict(server->id_token()); }
    int key_requests() { return server->asked[server->issuer + "/jwks"]; }
};

std::string change(const char* name, json::value value, bool remove = false)
{
    world w;
    if (remove)
        w.server->claims.erase(name);
    else
        w.server->claims[name] = std::move(value);
    return w.verdict();
}

} // namespace

BOOST_AUTO_TEST_CASE(a_good_one_is_good)
{
    world w;
    BOOST_TEST(w.verdict() == "");
    BOOST_TEST(w.verdict() == "");
    BOOST_TEST(w.key_requests() == 1);
}

BOOST_AUTO_TEST_CASE(each_claim_that_breaks_a_rule_is_named)
{
    const std::int64_t now = fake_provider().wall;
    const json::array others{"other", "another"}, with_client{"client", "other"};
    BOOST_TEST(change("iss", "https://evil.example.com").starts_with("iss: "));
    BOOST_TEST(change("iss", "https://server.example.com/").starts_with("iss: "));
    BOOST_TEST(change("iss", nullptr, true).starts_with("iss: "));
    BOOST_TEST(change("sub", nullptr, true).starts_with("sub: "));
    BOOST_TEST(change("sub", "").starts_with("sub: "));
    BOOST_TEST(change("sub", 7).starts_with("sub: "));
    BOOST_TEST(change("sub", json::string(256, 'x')).starts_with("sub: "));
    BOOST_TEST(change("aud", "other").starts_with("aud: "));
    BOOST_TEST(change("aud", others).starts_with("aud: "));
    BOOST_TEST(change("aud", json::array{"client", 7}).starts_with("aud: "));
    BOOST_TEST(change("aud", nullptr, true).starts_with("aud: "));
    BOOST_TEST(change("aud", with_client).starts_with("azp: "));
    BOOST_TEST(change("azp", "other").starts_with("azp: "));
    BOOST_TEST(change("azp", "client") == "");
    BOOST_TEST(change("exp", nullptr, true).starts_with("exp: "));
    BOOST_TEST(change("exp", json::string(std::to_string(now + 300))).starts_with("exp: "));
    BOOST_TEST(change("exp", now - 60).starts_with("exp: "));
    BOOST_TEST(change("exp", now - 59) == "");
    BOOST_TEST(change("exp", 1e300).starts_with("exp: "));
    BOOST_TEST(change("iat", nullptr, true).starts_with("iat: "));
    BOOST_TEST(change("iat", now + 61).starts_with("iat: "));
    BOOST_TEST(change("nbf", now + 61).starts_with("nbf: "));
    BOOST_TEST(change("nbf", "x").starts_with("nbf: "));
    BOOST_TEST(change("nonce", "other").starts_with("nonce: "));
    BOOST_TEST(change("nonce", nullptr, true).starts_with("nonce: "));
    BOOST_TEST(change("auth_time", now + 61).starts_with("auth_time: "));
    BOOST_TEST(change("auth_time", "x").starts_with("auth_time: "));
}

BOOST_AUTO_TEST_CASE(what_depends_on_the_request)
{
    world w;
    w.expected.max_age = std::chrono::seconds(100);
    BOOST_TEST(w.verdict().starts_with("auth_time: "));
    w.server->claims["auth_time"] = w.server->wall - 161;
    BOOST_TEST(w.verdict().starts_with("auth_time: "));
    w.server->claims["auth_time"] = w.server->wall - 160;
    BOOST_TEST(w.verdict() == "");
    w.expected.at_hash = "aaaa";
    BOOST_TEST(w.verdict() == ""); // optional in the code flow
    w.server->claims["at_hash"] = "bbbb";
    BOOST_TEST(w.verdict().starts_with("at_hash: "));
    w.server->claims["at_hash"] = "aaaa";
    BOOST_TEST(w.verdict() == "");
    w.expected.c_hash = "cccc";
    w.expected.hashes_required = true;
    BOOST_TEST(w.verdict().starts_with("c_hash: "));
    w.server->claims["c_hash"] = "dddd";
    BOOST_TEST(w.verdict().starts_with("c_hash: "));
    w.expected.nonce.clear(); // none was sent: then one that has one is another sign-in's
    BOOST_TEST(w.verdict().starts_with("nonce: "));
}

BOOST_AUTO_TEST_CASE(B17_the_header_decides_nothing)
{
    world w;
    const std::string claims = json::serialize(w.server->claims);
    const auto unsigned_one = [&](std::string_view header) {
        return crypto::compact(crypto::signing_input(header, claims), "");
    };
    for (const auto alg : {"none", "None", "NONE", "HS256", "RS1", "ES256K", ""})
        BOOST_TEST(w.verdict(unsigned_one(R"({"alg":")" + std::string(alg) + R"(","kid":"k1"})")).starts_with("alg: "),
                   alg);
    BOOST_TEST(w.verdict(unsigned_one(R"({"kid":"k1"})")).starts_with("alg: "));
    BOOST_TEST(w.verdict(unsigned_one(R"({"alg":"none","alg":"ES256","kid":"k1"})")).starts_with("it is not"));
    // HMAC with the public key as its secret
    const std::string input = crypto::signing_input(R"({"alg":"HS256","kid":"k1"})", claims);
    BOOST_TEST(
        w.verdict(crypto::compact(input, crypto::hmac_sha256(w.server->signers.at("k1").public_jwk(), input).reveal()))
            .starts_with("alg: "));
    // A key that the token brings itself
    const auto evil = crypto::key::generate(crypto::key::kind::ec_p256);
    w.server->signers.emplace("evil", evil);
    auto header = w.server->header("ES256", "unknown");
    header["jwk"] = json::parse(evil.public_jwk());
    header["jku"] = "https://evil.example.com/jwks";
    const std::string brought = w.server->sign(header, claims, "evil");
    w.server->signers.erase("evil");
    BOOST_TEST(w.verdict(brought).starts_with("kid: "));
    auto critical = w.server->header();
    critical["crit"] = json::array{"exp"};
    BOOST_TEST(w.verdict(w.server->sign(critical, claims)).starts_with("crit: "));
    auto numbered = w.server->header();
    numbered["kid"] = 1;
    BOOST_TEST(w.verdict(w.server->sign(numbered, claims)).starts_with("kid: "));
    // ES256 and nothing else fits this key, whatever is allowed
    auto other = w.server->header("EdDSA");
    w.server->signers.emplace("ed", crypto::key::generate(crypto::key::kind::ed25519));
    BOOST_TEST(w.verdict(w.server->sign(other, claims, "ed")) != "");
}

BOOST_AUTO_TEST_CASE(B17_a_token_that_is_changed_anywhere_is_refused)
{
    world w;
    const std::string good = w.server->id_token();
    BOOST_TEST(w.verdict(good) == "");
    for (std::size_t i = 0; i < good.size(); i += 7) {
        std::string bad = good;
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        BOOST_TEST(w.verdict(bad) != "", i);
    }
    for (const std::string& bad : {std::string(), good + ".", "." + good, good.substr(0, good.rfind('.')), good + "=",
                                   good + " ", good + "." + good})
        BOOST_TEST(w.verdict(bad) != "");
    BOOST_TEST(w.verdict(w.server->sign(w.server->header(), R"({"iss":"a","iss":"b"})")) != "");
    BOOST_TEST(w.verdict(w.server->sign(w.server->header(), "[]")) != "");
    BOOST_TEST(w.verdict(w.server->sign(w.server->header(), "\xff\xfe")) != "");
}

BOOST_AUTO_TEST_CASE(a_key_for_encryption_or_another_algorithm_verifies_nothing)
{
    for (const auto member : {R"("use":"enc")", R"("key_ops":["sign"])", R"("alg":"ES384")"}) {
        world w;
        std::string jwk = w.server->signers.at("k1").public_jwk();
        jwk.insert(1, std::string(R"("kid":"k1",)") + member + ",");
        w.server->answers[w.server->issuer + "/jwks"] = [jwk] {
            return test::json_answer(200, R"({"keys":[)" + jwk + "]}");
        };
        BOOST_TEST(w.verdict().starts_with("kid: "), member);
    }
}

BOOST_AUTO_TEST_CASE(B18_made_up_key_ids_cost_one_request_a_minute)
{
    world w;
    BOOST_TEST(w.verdict() == "");
    const std::string claims = json::serialize(w.server->claims);
    for (int i = 0; i < 1000; ++i)
        w.verdict(w.server->sign(w.server->header("ES256", "made-up-" + std::to_string(i)), claims));
    BOOST_TEST(w.key_requests() == 1); // the keys are less than a minute old
    w.server->mono += std::chrono::seconds(60);
    for (int i = 0; i < 1000; ++i)
        w.verdict(w.server->sign(w.server->header("ES256", "made-up-" + std::to_string(i)), claims));
    BOOST_TEST(w.key_requests() == 2);
    BOOST_TEST(w.verdict() == "");
}

BOOST_AUTO_TEST_CASE(B18_new_keys_are_found_and_an_outage_keeps_the_last_good_ones)
{
    world w;
    BOOST_TEST(w.verdict() == "");
    w.server->mono += std::chrono::seconds(61);
    w.server->signers.emplace("k2", crypto::key::generate(crypto::key::kind::ec_p256));
    const std::string by_new_key =
        w.server->sign(w.server->header("ES256", "k2"), json::serialize(w.server->claims), "k2");
    BOOST_TEST(w.verdict(by_new_key) == "");
    BOOST_TEST(w.key_requests() == 2);
    w.server->answers[w.server->issuer + "/jwks"] = nullptr;
    w.server->mono += std::chrono::hours(2);
    BOOST_TEST(w.verdict(by_new_key) == "");
    BOOST_TEST(w.key_requests() == 3);
    for (int i = 0; i < 100; ++i) BOOST_TEST(w.verdict(by_new_key) == "");
    BOOST_TEST(w.key_requests() == 3); // once a minute, also then
    w.server->answers[w.server->issuer + "/jwks"] = [] { return test::json_answer(200, "<html>"); };
    w.server->mono += std::chrono::hours(2);
    BOOST_TEST(w.verdict(by_new_key) == "");
}

BOOST_AUTO_TEST_CASE(B18_of_a_million_keys_a_hundred_are_looked_at)
{
    world w;
    std::string keys = R"({"kty":"EC","crv":"P-256","x":"1","y":"1"})";
    for (int i = 0; i < 100; ++i) keys += R"(,{"kty":"oct","k":"AAAA"})";
    std::string good = w.server->signers.at("k1").public_jwk();
    good.insert(1, R"("kid":"k1",)");
    w.server->answers[w.server->issuer + "/jwks"] = [=] {
        return test::json_answer(200, R"({"keys":[)" + keys + "," + good + "]}");
    };
    BOOST_TEST(w.verdict().starts_with("kid: "));
}

BOOST_AUTO_TEST_CASE(many_who_ask_at_once_share_one_request)
{
    world w;
    asio::io_context context;
    int good = 0;
    for (int i = 0; i < 100; ++i)
        asio::co_spawn(context, w.op.implementation()->verify(w.server->id_token(), w.expected),
                       [&good](const std::exception_ptr& e, const json::object&) { good += e ? 0 : 1; });
    context.run();
    BOOST_TEST(good == 100);
    BOOST_TEST(w.key_requests() == 1);
    BOOST_TEST(w.server->asked[w.server->issuer + "/.well-known/openid-configuration"] == 1);
}

BOOST_AUTO_TEST_CASE(A23_a_refreshed_id_token_is_about_the_same_user_and_sign_in)
{
    const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'700'000'000));
    const auto object = [](std::string_view text) { return *core::strict_object(text); };
    const auto original =
        object(R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a","auth_time":5,"nonce":"n","iat":1699999000})");
    const auto verdict = [&](std::string_view text) {
        return core::check_refreshed_id_token(original, object(text), now).text;
    };
    BOOST_TEST(
        verdict(R"({"iss":"i","sub":"s","aud":["b","a"],"azp":"a","auth_time":5,"nonce":"n","iat":1700000000})") == "");
    BOOST_TEST(verdict(R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a","iat":1700000000})") == "");
    const std::pair<const char*, const char*> table[] = {
        {"iss: ", R"({"iss":"j","sub":"s","aud":["a","b"],"azp":"a","iat":1700000000})"},
        {"sub: ", R"({"iss":"i","sub":"t","aud":["a","b"],"azp":"a","iat":1700000000})"},
        {"sub: ", R"({"iss":"i","aud":["a","b"],"azp":"a","iat":1700000000})"},
        {"aud: ", R"({"iss":"i","sub":"s","aud":["a"],"azp":"a","iat":1700000000})"},
        {"aud: ", R"({"iss":"i","sub":"s","aud":"a","azp":"a","iat":1700000000})"},
        {"azp: ", R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"b","iat":1700000000})"},
        {"azp: ", R"({"iss":"i","sub":"s","aud":["a","b"],"iat":1700000000})"},
        {"auth_time: ", R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a","auth_time":6,"iat":1700000000})"},
        {"nonce: ", R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a","nonce":"m","iat":1700000000})"},
        {"iat: ", R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a","iat":1700000061})"},
        {"iat: ", R"({"iss":"i","sub":"s","aud":["a","b"],"azp":"a"})"},
    };
    for (const auto& [rule, text] : table) BOOST_TEST(verdict(text).starts_with(rule), text);
}
