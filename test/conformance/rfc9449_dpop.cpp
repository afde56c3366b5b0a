// RFC 9449 (DPoP): what a proof says, for whom, and what is learned from answers.

#include "core/challenge.hpp"
#include "core/dpop.hpp"
#include "core/strict_json.hpp"
#include "core/token_request.hpp"
#include "core/token_response.hpp"
#include "crypto/digest.hpp"
#include "crypto/jws.hpp"
#include "crypto/signature.hpp"
#include "source/prover.hpp"
#include "support/jws_vectors.hpp"
#include "support/jwt.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/signer.hpp>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include <set>

using namespace afresh;
using namespace std::chrono_literals;
namespace rfc = afresh::test::rfc;
namespace json = boost::json;
using core::proof_memory;
using core::proof_reader;

namespace {

const std::chrono::system_clock::time_point now{1'562'262'616s};
constexpr auto as = proof_reader::authorization_server;
constexpr auto rs = proof_reader::resource_server;

core::url_parts url(std::string_view text) { return *core::parse_url(text); }

http_fields fields(std::initializer_list<http_field> all)
{
    http_fields out;
    for (const http_field& f : all) out.add(f.name, f.value);
    return out;
}

detail::proof_use use(proof_reader who = as, std::string method = "POST",
                      std::string_view to = "https://server.example.com/token")
{
    return {who, std::move(method), url(to), now};
}

bool is_signed_by(const test::jwt& proof)
{
    const auto key = crypto::key::public_from_jwk(proof.header.at("jwk").as_object());
    return key && crypto::verify(*crypto::algorithm_named(core::text_member(proof.header, "alg")), *key, proof.input,
                                 proof.signature);
}

// Whose key is not in this process.
struct far_signer : signer {
    crypto::key key = crypto::key::generate(crypto::key::kind::ec_p256);
    int asked = 0;
    asio::awaitable<std::string> sign(std::string what) override
    {
        ++asked;
        co_return crypto::sign(crypto::algorithm::es256, key, what);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_proofs_of_the_rfc)
{
    struct row {
        std::string_view claims, signature, method, to, jti, token;
        std::int64_t iat;
    };
    const row rows[]{{rfc::dpop_token_claims, rfc::dpop_token_signature, "POST", "https://server.example.com/token",
                      "-BwC3ESc6acc2lTc", "", 1562262616},
                     {rfc::dpop_resource_claims, rfc::dpop_resource_signature, "GET",
                      "https://resource.example.org/protectedresource", "e1j3V_bKic8-LAEB", rfc::dpop_access_token,
                      1562262618}};
    for (const row& r : rows) {
        const auto proof = test::read_jwt(std::string(rfc::dpop_header) + "." + std::string(r.claims) + "." +
                                          std::string(r.signature));
        BOOST_TEST(is_signed_by(proof));
        const auto key = *crypto::key::public_from_jwk(proof.header.at("jwk").as_object());
        BOOST_TEST(key.thumbprint() == rfc::dpop_thumbprint);
        // Ours says the same, member by member (their order is free).
        const std::string ath = r.token.empty() ? std::string() : crypto::sha256_text(r.token);
        const auto to = url(r.to);
        BOOST_TEST(json::parse(core::proof_claims({r.jti, r.method, to, r.iat, ath, ""})) == proof.claims);
        BOOST_TEST(json::parse(core::proof_header("ES256", key.public_jwk())) == proof.header);
    }
}

BOOST_AUTO_TEST_CASE(a_proof_is_signed_and_shows_the_public_key_alone)
{
    for (const char* algorithm : {"ES256", "ES384", "EdDSA", "PS256"}) {
        const detail::prover p(signing_key::generate(algorithm));
        const auto made = test::read_jwt(*p.prove_now(use()));
        BOOST_TEST(is_signed_by(made), algorithm);
        BOOST_TEST(core::text_member(made.header, "typ") == "dpop+jwt");
        BOOST_TEST(core::text_member(made.header, "alg") == algorithm);
        const auto& jwk = made.header.at("jwk").as_object();
        for (const char* secret : {"d", "p", "q", "dp", "dq", "qi", "k"}) BOOST_TEST(!jwk.contains(secret), secret);
        BOOST_TEST(made.claims.size() == 4u); // no ath, no nonce
    }
}

BOOST_AUTO_TEST_CASE(each_proof_is_fresh)
{
    const detail::prover p(signing_key::generate());
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(core::text_member(test::read_jwt(*p.prove_now(use())).claims, "jti"));
    BOOST_TEST(seen.size() == 1000u);
    BOOST_TEST(seen.begin()->size() == 22u); // 128 bits
}

BOOST_AUTO_TEST_CASE(it_names_method_and_url_without_query_and_fragment)
{
    const detail::prover p(signing_key::generate());
    const auto claims = [&](std::string method, std::string_view to) {
        return test::read_jwt(*p.prove_now(use(rs, std::move(method), to))).claims;
    };
    const auto o = claims("QUERY", "HTTPS://API.Example.com:443/a%20b/%22?q=1&r=https://x/#f");
    BOOST_TEST(core::text_member(o, "htm") == "QUERY");
    BOOST_TEST(core::text_member(o, "htu") == "https://api.example.com/a%20b/%22");
    BOOST_TEST(core::text_member(claims("GET", "http://127.0.0.1:8080"), "htu") == "http://127.0.0.1:8080/");
    BOOST_TEST(core::text_member(claims("GET", "https://[::1]:8443/?"), "htu") == "https://[::1]:8443/");
}

BOOST_AUTO_TEST_CASE(it_names_the_token_by_its_hash)
{
    const detail::prover p(signing_key::generate());
    auto u = use(rs);
    u.ath = crypto::sha256_text(rfc::dpop_access_token);
    const std::string proof = *p.prove_now(u);
    const auto made = test::read_jwt(proof);
    BOOST_TEST(core::text_member(made.claims, "ath") == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    BOOST_TEST(json::serialize(made.claims).find("Kz~8") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(A43_the_newest_nonce_of_each_origin_and_role)
{
    detail::prover p(signing_key::generate());
    const auto nonce = [&](proof_reader who, std::string_view to) {
        return core::text_member(test::read_jwt(*p.prove_now(use(who, "GET", to))).claims, "nonce");
    };
    const std::string a = "https://a.example.com", b = "https://b.example.com";
    BOOST_TEST(nonce(rs, a) == "");
    BOOST_TEST(p.learn(rs, a, fields({{"DPoP-Nonce", "one"}}), now));
    BOOST_TEST(nonce(rs, a) == "one");
    BOOST_TEST(nonce(as, a) == ""); // RFC 9449 9: nonces of one server's two roles are not to be mixed up
    BOOST_TEST(nonce(rs, b) == "");
    BOOST_TEST(!p.learn(rs, a, fields({{"dpop-nonce", "one"}}), now)); // nothing new
    BOOST_TEST(p.learn(rs, a, fields({{"dpop-nonce", "two"}}), now));
    BOOST_TEST(!p.learn(rs, a, fields({{"Server", "x"}}), now)); // keeps what it has
    BOOST_TEST(nonce(rs, a) == "two");
}

BOOST_AUTO_TEST_CASE(what_is_no_nonce_is_not_learned)
{
    proof_memory m;
    BOOST_TEST(m.learn(as, "o", fields({{"DPoP-Nonce", "good"}}), now));
    for (const std::string& bad : {std::string(), std::string("a b"), std::string("a\"b"), std::string("a\\b"),
                                   std::string("a\tb"), std::string("\xc3\xa4"), std::string(1025, 'n')})
        BOOST_TEST(!m.learn(as, "o", fields({{"DPoP-Nonce", bad}}), now), bad);
    BOOST_TEST(!m.learn(as, "o", fields({{"DPoP-Nonce", "a"}, {"DPoP-Nonce", "b"}}), now)); // which?
    BOOST_TEST(m.about(as, "o").nonce == "good");
    BOOST_TEST(m.learn(as, "o", fields({{"DPoP-Nonce", std::string(1024, 'n')}}), now));
}

BOOST_AUTO_TEST_CASE(the_servers_that_were_silent_longest_are_forgotten)
{
    proof_memory m;
    for (std::size_t i = 0; i < 2 * proof_memory::most; ++i) {
        m.learn(rs, "kept", fields({{"DPoP-Nonce", "n" + std::to_string(i)}}), now);
        m.learn(rs, std::to_string(i), fields({{"DPoP-Nonce", "x"}}), now);
    }
    BOOST_TEST(m.about(rs, "kept").nonce == "n199");
    BOOST_TEST(m.about(rs, "199").nonce == "x");
    BOOST_TEST(m.about(rs, "0").nonce == "");
}

BOOST_AUTO_TEST_CASE(B14_a_clock_that_is_off_is_corrected_by_the_servers_date)
{
    detail::prover p(signing_key::generate());
    const auto iat = [&](std::string_view to) {
        return test::read_jwt(*p.prove_now(use(as, "POST", to))).claims.at("iat").as_int64();
    };
    const std::string to = "https://server.example.com", origin = to;
    BOOST_TEST(iat(to) == 1'562'262'616);
    const auto date = [](const char* t) { return fields({{"Date", std::string("Thu, 04 Jul 2019 ") + t + " GMT"}}); };
    BOOST_TEST(!p.learn(as, origin, date("17:50:17"), now)); // within what a Date can tell
    BOOST_TEST(iat(to) == 1'562'262'616);
    BOOST_TEST(p.learn(as, origin, date("18:50:16"), now)); // our clock is an hour behind
    BOOST_TEST(iat(to) == 1'562'262'616 + 3600);
    BOOST_TEST(!p.learn(as, origin, date("18:50:15"), now)); // an answer that took a second
    BOOST_TEST(iat("https://other.example.com/token") == 1'562'262'616);
    auto cached = date("17:00:00");
    cached.add("Age", "3016");
    BOOST_TEST(!p.learn(as, origin, cached, now));
    BOOST_TEST(!p.learn(as, origin, fields({{"Date", "yesterday"}}), now));
    BOOST_TEST(p.learn(as, origin, date("17:50:16"), now)); // it was set right
    BOOST_TEST(iat(to) == 1'562'262'616);
}

BOOST_AUTO_TEST_CASE(a_key_elsewhere_signs_and_is_waited_for)
{
    const auto far = std::make_shared<far_signer>();
    const detail::prover p(signing_key(far, far->key.public_jwk()));
    BOOST_TEST(!p.prove_now(use()));
    asio::io_context context;
    const auto made = test::read_jwt(test::run(context, p.prove(use())));
    BOOST_TEST(is_signed_by(made));
    BOOST_TEST(far->asked == 1);
    BOOST_TEST(p.thumbprint() == far->key.thumbprint());
}

BOOST_AUTO_TEST_CASE(B14_the_key_of_a_record_is_found_again_or_is_lost)
{
    const signing_key key = signing_key::generate("PS256"), other = signing_key::generate();
    const detail::prover p(key);
    dpop_binding bound = p.binding(as, "o");
    BOOST_TEST(bound.jkt == key.thumbprint());
    const auto found = detail::prover_of(bound, {});
    BOOST_REQUIRE(found);
    BOOST_TEST(core::text_member(test::read_jwt(*found->prove_now(use())).header, "alg") == "PS256");
    bound.key = other.to_pem();
    BOOST_TEST(!detail::prover_of(bound, {})); // not what its name says
    bound.key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    BOOST_TEST(!detail::prover_of(bound, {}));
    bound.key.wipe(); // it lives elsewhere
    BOOST_TEST(!detail::prover_of(bound, {}));
    BOOST_TEST(!detail::prover_of(bound, other));
    BOOST_TEST(static_cast<bool>(detail::prover_of(bound, key)));
}

BOOST_AUTO_TEST_CASE(the_token_request_carries_it)
{
    core::request_extras extras;
    extras.proof = "a.b.c";
    const client_registration client("https://server.example.com/token", "c");
    const auto request = core::make_token_request(client, grant::refresh_token("rt"), "rt", extras);
    BOOST_TEST(request.fields().find("DPoP") == "a.b.c");
    BOOST_TEST(!core::make_token_request(client, grant::refresh_token("rt"), "rt").fields().contains("DPoP"));
}

BOOST_AUTO_TEST_CASE(B14_a_token_of_another_type_than_was_proved_for_is_never_used)
{
    const client_registration client("https://server.example.com/token", "c");
    const auto verdict_of = [&](const std::string& type, const char* proof) {
        http_fields f;
        f.add("Content-Type", "application/json");
        core::request_extras extras;
        extras.proof = proof;
        const transport_outcome answer(
            http_response(200, f, R"({"access_token":"at","refresh_token":"rt2","token_type":")" + type + "\"}"));
        return core::parse_token_response(answer, client, grant::refresh_token("rt"), now, "rt", extras);
    };
    BOOST_TEST((verdict_of("DPoP", "p").outcome == core::verdict::ok));
    BOOST_TEST((verdict_of("dpop", "p").outcome == core::verdict::ok));
    BOOST_TEST(verdict_of("dpop", "p").token_type == "DPoP");
    for (const char* type : {"Bearer", "bearer", "N_A", "", "DPoP2"}) {
        const auto r = verdict_of(type, "p");
        BOOST_TEST((r.outcome == core::verdict::quarantined), type);
        BOOST_TEST(r.access_token.empty());
        BOOST_TEST(r.refresh_token.reveal() == "rt2"); // never lost (FAULTS I5)
    }
    BOOST_TEST((verdict_of("DPoP", "").outcome == core::verdict::quarantined)); // bound to a key that we did not show
}

BOOST_AUTO_TEST_CASE(what_a_resource_says_of_a_proof)
{
    const auto action = [](const char* challenge) {
        return core::classify_challenge(401, fields({{"WWW-Authenticate", challenge}}));
    };
    using core::challenge_action;
    BOOST_TEST((action("DPoP error=\"use_dpop_nonce\", error_description=\"a, b\"") == challenge_action::prove_again));
    BOOST_TEST((action("DPoP error=\"invalid_dpop_proof\", algs=\"ES256\"") == challenge_action::prove_again));
    BOOST_TEST((action("Bearer, DPoP error=\"invalid_token\"") == challenge_action::renew));
    BOOST_TEST((action("DPoP algs=\"ES256 PS256\"") == challenge_action::renew));
    BOOST_TEST((action("DPoP error=\"insufficient_scope\"") == challenge_action::none));
}

BOOST_AUTO_TEST_CASE(tokens_of_a_sign_in_come_with_their_key)
{
    const auto bound = token_set().access_token("at").token_type("DPoP").dpop_key(signing_key::generate());
    BOOST_TEST(!core::check(bound, true));
    BOOST_TEST(!core::check(bound, false));
    BOOST_TEST(core::check(token_set(bound).token_type("Bearer"), false).text.starts_with("token_type: "));
    BOOST_TEST(core::check(token_set(bound).dpop_key({}), false).text.starts_with("token_type: "));
    BOOST_TEST(core::check(token_set().access_token("at"), true).text.starts_with("dpop_key: "));
    BOOST_TEST(!core::check(token_set().refresh_token("rt"), true)); // a key is made for it
}
