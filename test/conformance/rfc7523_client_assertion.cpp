// RFC 7523 (JWT client authentication and bearer grants), and FAULTS B10: the audience is the issuer alone.

#include "core/token_request.hpp"
#include "core/token_response.hpp"
#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/signature.hpp"
#include "source/signing.hpp"
#include "support/jws_vectors.hpp"
#include "support/jwt.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/grant_parameters.hpp>
#include <afresh/signer.hpp>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <fstream>
#include <set>

using namespace afresh;
namespace rfc = afresh::test::rfc;
namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::jwt;
using test::read_jwt;

namespace {

const std::chrono::system_clock::time_point now{1'700'000'000s};

client_registration client()
{
    return client_registration("https://server.example.com/token", "s6BhdRkqt3").issuer("https://server.example.com");
}

const std::string long_secret(32, 's');

template <class T>
T run(asio::awaitable<T> a)
{
    asio::io_context context;
    return test::run(context, std::move(a));
}

jwt assertion_of(const client_registration& c) { return read_jwt(run(detail::client_assertion(c, now)).reveal()); }

std::string text_of(const boost::json::value& v) { return std::string(v.as_string()); }

} // namespace

BOOST_AUTO_TEST_CASE(what_cannot_make_an_assertion_is_refused_at_once)
{
    const auto check = [](const client_registration& c) { return core::check(c); };
    const auto no_issuer = client_registration("https://server.example.com/token", "c");
    BOOST_TEST(check(client_registration(no_issuer).client_secret_jwt(long_secret)).text.starts_with("issuer: "));
    BOOST_TEST(
        check(client_registration(no_issuer).private_key_jwt(signing_key::generate())).text.starts_with("issuer: "));
    BOOST_TEST(check(client().private_key_jwt(signing_key())).text.starts_with("private_key_jwt: "));
    BOOST_TEST(check(client().client_secret_jwt("short")).text.starts_with("client_secret: ")); // RFC 7518 3.2
    BOOST_TEST(!check(client().client_secret_jwt(long_secret)));
    BOOST_TEST(!check(client().private_key_jwt(signing_key::generate())));
}

BOOST_AUTO_TEST_CASE(a_key_that_does_not_fit_its_algorithm_is_refused_and_not_shown)
{
    const auto refused = [](auto make) {
        std::string text;
        try {
            make();
        } catch (const boost::system::system_error& e) {
            BOOST_TEST((e.code() == errc::invalid_argument));
            text = e.what();
        }
        BOOST_TEST(!text.empty());
        BOOST_TEST(text.find("jpsQnnGQ") == std::string::npos);
        return text;
    };
    const secret_string jwk(rfc::es256_jwk);
    refused([&] { signing_key::from_jwk(jwk, "RS256"); });
    refused([&] { signing_key::from_jwk(jwk, "none"); });
    refused([&] { signing_key::from_jwk(jwk, "HS256"); });
    refused([&] { signing_key::from_jwk(std::string(rfc::es256_jwk).substr(1)); });
    refused([&] { signing_key::from_pem(jwk); });
    refused([&] { signing_key::from_pem_file("/nowhere/key.pem"); });
    refused([&] { signing_key::generate("none"); });
    refused([&] { signing_key(nullptr, rfc::es256_jwk); });
}

BOOST_AUTO_TEST_CASE(B10_the_audience_is_the_issuer_alone_and_each_assertion_is_new_and_short)
{
    const signing_key key = signing_key::from_jwk(rfc::es256_jwk, {}, "k1");
    const auto c = client().private_key_jwt(key);
    const jwt a = assertion_of(c);
    BOOST_TEST(text_of(a.header.at("alg")) == "ES256");
    BOOST_TEST(text_of(a.header.at("kid")) == "k1");
    BOOST_TEST(!a.header.contains("jwk"));
    BOOST_TEST(text_of(a.claims.at("iss")) == "s6BhdRkqt3");
    BOOST_TEST(text_of(a.claims.at("sub")) == "s6BhdRkqt3");
    BOOST_TEST(text_of(a.claims.at("aud")) == "https://server.example.com");
    BOOST_TEST(a.claims.at("iat").as_int64() == 1'700'000'000);
    BOOST_TEST(a.claims.at("exp").as_int64() == 1'700'000'060);
    const auto k = crypto::key::public_from_jwk(boost::json::parse(key.public_jwk()).as_object());
    BOOST_TEST(crypto::verify(crypto::algorithm::es256, *k, a.input, a.signature));
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(text_of(assertion_of(c).claims.at("jti")));
    BOOST_TEST(seen.size() == 100u);
    BOOST_TEST(seen.begin()->size() == 22u); // 128 bits
}

BOOST_AUTO_TEST_CASE(a_secret_signs_and_is_not_sent)
{
    const auto c = client().client_secret_jwt(long_secret);
    const secret_string assertion = run(detail::client_assertion(c, now));
    const jwt a = read_jwt(assertion.reveal());
    BOOST_TEST(text_of(a.header.at("alg")) == "HS256");
    BOOST_TEST(crypto::hmac_sha256(long_secret, a.input).reveal() == a.signature);
    core::request_extras extras;
    extras.assertion = assertion;
    const auto r = core::make_token_request(c, grant::refresh_token("rt"), "rt", extras);
    BOOST_TEST(r.body() == "grant_type=refresh_token&refresh_token=rt&client_id=s6BhdRkqt3&client_assertion_type="
                           "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=" +
                               std::string(assertion.reveal()));
    BOOST_TEST(r.body().find(long_secret) == std::string::npos);
    BOOST_TEST(r.fields().find("Authorization").empty());
}

BOOST_AUTO_TEST_CASE(other_clients_make_none)
{
    BOOST_TEST(run(detail::client_assertion(client(), now)).empty());
    BOOST_TEST(run(detail::client_assertion(client().client_secret_basic("s"), now)).empty());
    BOOST_TEST(run(detail::client_assertion(client().tls_client_auth(), now)).empty());
}

BOOST_AUTO_TEST_CASE(a_key_in_a_file_may_be_replaced_and_a_broken_file_changes_nothing)
{
    const std::string path = "rfc7523_key.pem";
    const auto write = [&](std::string_view text) {
        std::ofstream(path + ".new", std::ios::binary) << text;
        std::rename((path + ".new").c_str(), path.c_str());
    };
    const signing_key first = signing_key::generate(), second = signing_key::generate();
    write(first.to_pem().reveal());
    const signing_key key = signing_key::from_pem_file(path, {}, "k");
    const auto c = client().private_key_jwt(key);
    const auto signed_by = [&](const signing_key& k) {
        const jwt a = assertion_of(c);
        const auto pub = crypto::key::public_from_jwk(boost::json::parse(k.public_jwk()).as_object());
        return crypto::verify(crypto::algorithm::es256, *pub, a.input, a.signature);
    };
    BOOST_TEST(signed_by(first));
    write("half a key");
    BOOST_TEST(signed_by(first));
    std::remove(path.c_str());
    BOOST_TEST(signed_by(first));
    write(signing_key::generate("EdDSA").to_pem().reveal()); // not what the registration says
    BOOST_TEST(signed_by(first));
    write(second.to_pem().reveal());
    BOOST_TEST(signed_by(second));
    std::remove(path.c_str());
}

namespace {

struct agent : signer {
    explicit agent(signing_key k) : key(std::move(k)) {}
    asio::awaitable<std::string> sign(std::string text) override
    {
        ++asked;
        if (asked == 1) throw std::runtime_error("the agent is away");
        co_return crypto::sign(crypto::algorithm::es256, crypto::key::private_from_pem(key.to_pem().reveal()), text);
    }
    signing_key key;
    int asked = 0;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_key_may_live_elsewhere)
{
    const signing_key inner = signing_key::generate();
    const auto there = std::make_shared<agent>(inner);
    const signing_key key(there, inner.public_jwk(), {}, "hsm");
    BOOST_TEST(key.to_pem().empty());
    BOOST_TEST(key.thumbprint() == inner.thumbprint());
    const auto c = client().private_key_jwt(key);
    BOOST_CHECK_THROW(assertion_of(c), std::runtime_error);
    const jwt a = assertion_of(c);
    const auto pub = crypto::key::public_from_jwk(boost::json::parse(inner.public_jwk()).as_object());
    BOOST_TEST(crypto::verify(crypto::algorithm::es256, *pub, a.input, a.signature));
    BOOST_TEST(there->asked == 2);
}

BOOST_AUTO_TEST_CASE(a_bearer_grant_signs_anew_for_each_request)
{
    const signing_key key = signing_key::from_jwk(rfc::es256_jwk);
    BOOST_CHECK_THROW(jwt_bearer(signing_key(), {.issuer = "i", .audience = "a"}), boost::system::system_error);
    BOOST_CHECK_THROW(jwt_bearer(key, {.issuer = "i"}), boost::system::system_error);
    BOOST_CHECK_THROW(jwt_bearer(key, {.audience = "a"}), boost::system::system_error);
    BOOST_CHECK_THROW(jwt_bearer(key, {.issuer = "i", .audience = "a", .lifetime = 2h}), boost::system::system_error);
    const grant g =
        jwt_bearer(key, {.issuer = "svc@example.com", .audience = "https://server.example.com", .scope = "a b"});
    BOOST_TEST(g.name() == "urn:ietf:params:oauth:grant-type:jwt-bearer");
    BOOST_TEST(!g.spends());
    core::request_extras extras;
    extras.further = run(g.further()->next());
    BOOST_REQUIRE(extras.further.size() == 1u);
    const jwt a = read_jwt(extras.further.front().value);
    BOOST_TEST(text_of(a.claims.at("sub")) == "svc@example.com");
    BOOST_TEST(text_of(a.claims.at("scope")) == "a b");
    BOOST_TEST(run(g.further()->next()).front().value != extras.further.front().value);
    const auto r = core::make_token_request(client(), g, {}, extras);
    BOOST_TEST(r.body().starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=ey"));
}

BOOST_AUTO_TEST_CASE(what_a_server_echoes_of_an_assertion_is_masked)
{
    core::request_extras extras;
    extras.assertion = "client-assertion-text";
    extras.further.emplace_back("subject_token", "subject-token-text");
    http_fields fields;
    fields.add("Content-Type", "application/json");
    const transport_outcome outcome(http_response(
        400, fields, R"({"error":"invalid_request","error_description":"client-assertion-text, subject-token-text"})"));
    const auto read = core::parse_token_response(outcome, client(), grant::client_credentials(), now, {}, extras);
    BOOST_TEST(read.said.error_description.find("text") == std::string::npos, read.said.error_description);
}
