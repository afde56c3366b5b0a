// A token source whose tokens are bound to a key (RFC 9449; FAULTS A43, B14): against a server that reads each proof.

#include "core/strict_json.hpp"
#include "crypto/signature.hpp"
#include "support/fake_provider.hpp"
#include "support/jwt.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"
#include "support/scripted_api.hpp"

#include <afresh/http_client.hpp>
#include <afresh/token_source.hpp>
#include <afresh/token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>

using namespace afresh;
using namespace std::chrono_literals;

namespace {

std::int64_t seconds_now()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    std::shared_ptr<token_store> store = make_memory_token_store();
    asio::io_context context;
    // What the server wants, and has seen.
    bool wants_nonce = false;
    std::int64_t ahead = 0; // its clock
    std::string token_type = "DPoP";
    int sends = 0;
    int nonces = 0;
    std::set<std::string> jtis, keys;
    std::function<std::optional<http_response>()> instead; // of an answer to a good request

    world()
    {
        server->answers[server->issuer + "/token"] = [this] { return answer(); };
    }

    std::string nonce() const { return "n" + std::to_string(nonces); }

    http_response with_nonce(http_response r)
    {
        http_fields fields = r.fields();
        ++nonces; // changes with each answer
        fields.add("DPoP-Nonce", nonce());
        fields.add("Date", date());
        return http_response(r.status(), fields, r.body());
    }
    std::string date() const
    {
        const std::time_t t = seconds_now() + ahead;
        char out[40];
        std::strftime(out, sizeof out, "%a, %d %b %Y %H:%M:%S GMT", std::gmtime(&t));
        return out;
    }
    static http_response error(const std::string& code)
    {
        return test::json_answer(400, "{\"error\":\"" + code + "\"}");
    }

    http_response answer()
    {
        ++sends;
        const std::string wanted = nonce();
        return with_nonce(checked(wanted));
    }
    http_response checked(const std::string& wanted)
    {
        const std::string proof(server->last.fields().find("DPoP"));
        if (proof.empty()) return error("invalid_dpop_proof");
        const auto read = test::read_jwt(proof);
        const auto key = crypto::key::public_from_jwk(read.header.at("jwk").as_object());
        const bool good = key && crypto::verify(crypto::algorithm::es256, *key, read.input, read.signature) &&
                          core::text_member(read.claims, "htm") == "POST" &&
                          core::text_member(read.claims, "htu") == server->issuer + "/token" &&
                          std::abs(read.claims.at("iat").as_int64() - seconds_now() - ahead) < 30 &&
                          jtis.insert(core::text_member(read.claims, "jti")).second;
        if (!good) return error("invalid_dpop_proof");
        if (wants_nonce && core::text_member(read.claims, "nonce") != wanted) return error("use_dpop_nonce");
        keys.insert(key->thumbprint());
        if (instead)
            if (auto r = instead()) return *r;
        const std::string n = std::to_string(sends);
        return test::json_answer(200, R"({"access_token":"at)" + n + R"(","expires_in":3600,"token_type":")" +
                                          token_type + R"(","refresh_token":"rt)" + n + "\"}");
    }

    client_registration client() const
    {
        return client_registration(server->issuer + "/token", "client").dpop_bound_access_tokens();
    }
    token_source source(client_registration registration, grant g = grant::refresh_token("rt0"),
                        std::vector<std::string> origins = {})
    {
        source_options options;
        options.allowed_origins = std::move(origins);
        options.service.transport = server;
        options.service.store = store;
        return token_source(context.get_executor(), std::move(registration), std::move(g), options);
    }
    token_source source() { return source(client()); }

    // The token, or the error's name.
    std::string get(const token_source& t) { return test::finish(context, got(t, false)); }
    std::string renew(const token_source& t) { return test::finish(context, got(t, true)); }
    static asio::awaitable<std::string> got(token_source t, bool newer)
    {
        try {
            access_token token = co_await t.get();
            if (newer) token = co_await t.renew_if_current(token);
            co_return token.authorization();
        } catch (const boost::system::system_error& e) {
            co_return std::string(to_string(static_cast<errc>(e.code().value())));
        }
    }
    chain_record record() { return test::finish(context, load(store)).record; }
    static asio::awaitable<store_reply> load(std::shared_ptr<token_store> s)
    {
        std::string key = "default";
        store_command command;
        co_return co_await s->execute(std::move(key), std::move(command));
    }
    void replace(chain_record changed)
    {
        store = make_memory_token_store();
        test::finish(context, put(store, std::move(changed)));
    }
    // As somebody who holds the lease.
    static asio::awaitable<int> put(std::shared_ptr<token_store> s, chain_record r)
    {
        store_command take(store_command::kind::take_lease);
        take.owner = "test";
        take.ttl = 10s;
        std::string key = "default";
        const store_reply lease = co_await s->execute(key, take);
        store_command c(store_command::kind::replace);
        c.fence = lease.record.holder.fence;
        c.generation = r.generation;
        c.new_refresh_token = r.refresh_token;
        c.new_rt_hash = r.rt_hash;
        c.dpop = r.dpop;
        if (!r.tokens.empty()) c.token = r.tokens.front();
        c.seed_hash = r.seed_hash;
        co_await s->execute(key, c);
        co_return 0;
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(A43_a_nonce_that_changes_with_every_answer_costs_one_request_once)
{
    world w;
    w.wants_nonce = true;
    const auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "DPoP at2"); // the first proof had no nonce
    BOOST_TEST(w.sends == 2);
    BOOST_TEST(w.renew(tokens) == "DPoP at3");
    BOOST_TEST(w.renew(tokens) == "DPoP at4");
    BOOST_TEST(w.sends == 4);
    BOOST_TEST(w.keys.size() == 1u);
    BOOST_TEST(w.server->requests[0] == w.server->requests[1]); // the refresh token was not spent by the first
    const auto status = tokens.status();
    BOOST_TEST(!status.in_doubt);
    tokens.close();
}

BOOST_AUTO_TEST_CASE(B14_key_and_nonce_are_saved_with_the_refresh_token_they_bind)
{
    world w;
    w.wants_nonce = true;
    auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "DPoP at2");
    const chain_record saved = w.record();
    BOOST_TEST(saved.dpop.jkt == *w.keys.begin());
    BOOST_TEST(saved.dpop.nonce == w.nonce());
    BOOST_TEST(saved.dpop.algorithm == "ES256");
    BOOST_TEST(!saved.dpop.key.empty());
    BOOST_REQUIRE(saved.tokens.size() == 1u);
    BOOST_TEST(saved.tokens.front().dpop_jkt == saved.dpop.jkt);
    tokens.close();
    // Another process: the same token without a request, and the next one with the same key, and at once with the nonce.
    const auto after = w.source();
    BOOST_TEST(w.get(after) == "DPoP at2");
    BOOST_TEST(w.sends == 2);
    BOOST_TEST(w.renew(after) == "DPoP at3");
    BOOST_TEST(w.sends == 3);
    BOOST_TEST(w.keys.size() == 1u);
    after.close();
}

BOOST_AUTO_TEST_CASE(A43_a_server_that_never_likes_the_nonce_is_asked_twice_and_then_left_alone)
{
    world w;
    w.instead = [] { return world::error("use_dpop_nonce"); };
    const auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "misconfigured");
    BOOST_TEST(w.sends == 2);
    BOOST_TEST(tokens.status().last_diagnostics.error == "use_dpop_nonce");
    tokens.close();
}

BOOST_AUTO_TEST_CASE(A43_a_refusal_after_the_second_proof_leaves_doubt)
{
    for (const bool first : {true, false}) {
        world w;
        w.instead = [&]() -> std::optional<http_response> {
            return world::error(w.sends == 1 && !first ? "use_dpop_nonce" : "invalid_grant");
        };
        const auto tokens = w.source();
        BOOST_TEST(w.get(tokens) == (first ? "sign_in_required" : "rotation_in_doubt"));
        BOOST_TEST(w.sends == (first ? 1 : 2));
        tokens.close();
    }
}

BOOST_AUTO_TEST_CASE(B14_a_bearer_token_is_never_used_instead)
{
    world w;
    w.token_type = "Bearer";
    const auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "malformed_response");
    BOOST_TEST(tokens.status().last_detail.starts_with("token_type: is Bearer"), tokens.status().last_detail);
    const chain_record saved = w.record();
    BOOST_TEST(saved.tokens.empty());
    BOOST_TEST(!(saved.refresh_token.reveal() == "rt0")); // the new one is kept
    tokens.close();
}

BOOST_AUTO_TEST_CASE(B14_a_bearer_token_of_the_store_is_not_used_either)
{
    world w;
    chain_record before;
    before.refresh_token = "rt0";
    before.rt_hash = "hash";
    stored_token bearer;
    bearer.access_token = "old";
    bearer.token_type = "Bearer";
    bearer.obtained_at = std::chrono::system_clock::now();
    bearer.expires_at = bearer.obtained_at + 1h;
    before.tokens.push_back(bearer);
    w.replace(before);
    auto plain = w.source(client_registration(w.server->issuer + "/token", "client"), grant::refresh_token({}));
    BOOST_TEST(w.get(plain) == "Bearer old");
    plain.close();
    const auto tokens = w.source(w.client(), grant::refresh_token({}));
    BOOST_TEST(w.get(tokens) == "DPoP at1");
    tokens.close();
}

BOOST_AUTO_TEST_CASE(B14_a_lost_key_is_told_and_the_refresh_token_is_not_sent)
{
    world w;
    auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "DPoP at1");
    tokens.close();
    chain_record without = w.record();
    const secret_string pem = without.dpop.key;
    without.dpop.key.wipe(); // as if it lived elsewhere
    without.tokens.clear();
    w.replace(without);
    {
        const auto lost = w.source(w.client(), grant::refresh_token({}));
        BOOST_TEST(w.get(lost) == "misconfigured");
        BOOST_TEST(lost.status().last_detail.starts_with("dpop_key: "), lost.status().last_detail);
        BOOST_TEST(w.sends == 1);
        lost.close();
    }
    { // The program has it.
        const auto found = w.source(w.client(), grant::refresh_token({}).dpop_key(signing_key::from_pem(pem)));
        BOOST_TEST(w.get(found) == "DPoP at2");
        BOOST_TEST(w.keys.size() == 1u);
        found.close();
    }
    // The refresh tokens of a client that proves who it is are bound to it, and not to the key.
    w.replace(without);
    const auto confidential = w.source(w.client().client_secret_basic("secret"), grant::refresh_token({}));
    BOOST_TEST(w.get(confidential) == "DPoP at3");
    BOOST_TEST(w.keys.size() == 2u);
    confidential.close();
}

BOOST_AUTO_TEST_CASE(B14_a_clock_that_is_off_costs_one_request)
{
    world w;
    w.ahead = 3600;
    const auto tokens = w.source();
    BOOST_TEST(w.get(tokens) == "DPoP at2");
    BOOST_TEST(w.renew(tokens) == "DPoP at3");
    BOOST_TEST(w.sends == 3);
    tokens.close();
}

BOOST_AUTO_TEST_CASE(a_sign_in_brings_its_own_key)
{
    world w;
    const signing_key key = signing_key::generate();
    const auto tokens = w.source(w.client(), grant::refresh_token({}));
    const auto brought = token_set().access_token("at0").refresh_token("rt0").token_type("DPoP").dpop_key(key);
    test::finish(w.context, [](token_source t, token_set s) -> asio::awaitable<int> {
        co_await t.set_tokens(std::move(s));
        co_return 0;
    }(tokens, brought));
    BOOST_TEST(w.get(tokens) == "DPoP at0");
    BOOST_TEST(w.record().dpop.jkt == key.thumbprint());
    BOOST_TEST(w.renew(tokens) == "DPoP at1");
    BOOST_TEST(*w.keys.begin() == key.thumbprint());
    tokens.close();
}

BOOST_AUTO_TEST_CASE(other_grants_and_audiences_prove_with_the_keys_of_their_records)
{
    world w;
    const auto machine = w.source(w.client().client_secret_basic("secret"), grant::client_credentials());
    BOOST_TEST(w.get(machine) == "DPoP at1");
    BOOST_TEST(w.renew(machine) == "DPoP at2");
    BOOST_TEST(w.keys.size() == 1u);
    const auto audience = machine.for_resource("https://api.example.com/");
    BOOST_TEST(w.get(audience) == "DPoP at3");
    BOOST_TEST(w.keys.size() == 1u);
    machine.close();
    audience.close();
}

// DESIGN, "401 from a resource": one more proof and one replay, each once.
BOOST_AUTO_TEST_CASE(A43_three_sends_at_most_and_then_the_answer_is_the_callers)
{
    const auto refusal = [](const std::string& error, const std::string& nonce) {
        return "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: DPoP error=\"" + error + "\"\r\nDPoP-Nonce: " + nonce +
               "\r\nContent-Length: 2\r\n\r\nno";
    };
    const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    const std::string stale = refusal("invalid_token", "r1"), nonce = refusal("use_dpop_nonce", "r2");
    struct row {
        std::vector<std::string> answers;
        std::size_t sends;
        unsigned status;
        int exchanges;
    };
    const row rows[]{{{nonce, ok}, 2, 200, 1},        {{stale, ok}, 2, 200, 2},   {{nonce, stale, ok}, 3, 200, 2},
                     {{stale, nonce, ok}, 3, 200, 2}, {{nonce}, 2, 401, 1},       {{stale}, 2, 401, 2},
                     {{stale, nonce}, 3, 401, 2},     {{nonce, stale}, 3, 401, 2}};
    for (const row& r : rows) {
        world w;
        test::scripted_api api(r.answers);
        const auto tokens = w.source(w.client(), grant::refresh_token("rt0"), {api.url("")});
        http_client client(tokens);
        const http_response answer = test::finish(w.context, client.get(api.url("/a?b")));
        const auto sent = api.requests();
        BOOST_TEST(answer.status() == r.status);
        BOOST_TEST(sent.size() == r.sends);
        BOOST_TEST(w.sends == r.exchanges);
        std::set<std::string> jtis;
        for (const std::string& request : sent) {
            const auto at = request.find("\r\nDPoP: ");
            BOOST_REQUIRE(at != std::string::npos);
            const auto proof = test::read_jwt(request.substr(at + 8, request.find('\r', at + 2) - at - 8));
            jtis.insert(core::text_member(proof.claims, "jti"));
            BOOST_TEST(core::text_member(proof.claims, "htu") == api.url("/a"));
            BOOST_TEST(core::text_member(proof.claims, "nonce") ==
                       (jtis.size() == 1                                                      ? ""
                        : r.answers[std::min(jtis.size() - 2, r.answers.size() - 1)] == stale ? "r1"
                                                                                              : "r2"));
        }
        BOOST_TEST(jtis.size() == sent.size());
        tokens.close();
        client.close();
    }
}
