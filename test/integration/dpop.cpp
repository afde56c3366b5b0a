// RFC 9449 at a real server and at a resource that reads each proof with another implementation (jose): FAULTS A43, B14.

#include "crypto/signature.hpp"
#include "support/authorization_server.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/authorized.hpp>
#include <afresh/http_client.hpp>
#include <afresh/signer.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// A key that a module holds, which takes its time.
struct module_key : signer {
    crypto::key key = crypto::key::generate(crypto::key::kind::ec_p256);
    int asked = 0;
    asio::awaitable<std::string> sign(std::string text) override
    {
        ++asked;
        asio::steady_timer timer(co_await asio::this_coro::executor, 5ms);
        co_await timer.async_wait(asio::use_awaitable);
        co_return crypto::sign(crypto::algorithm::es256, key, text);
    }
    signing_key handle(const std::shared_ptr<module_key>& self) const { return signing_key(self, key.public_jwk()); }
};

struct world {
    explicit world(std::initializer_list<authorization_server::environment::value_type> settings) : as(settings) {}

    authorization_server as;
    asio::io_context context;

    token_source bound_to(const signing_key& key)
    {
        mint_params p;
        p.client_id = "dpop-public";
        p.jkt = key.thumbprint();
        source_options options;
        options.allowed_origins = {as.issuer()};
        return token_source(context.get_executor(),
                            client_registration(as.token_endpoint(), p.client_id).dpop_bound_access_tokens(),
                            grant::refresh_token(as.mint(p).refresh_token).dpop_key(key), options);
    }
    std::int64_t refusals(const char* why)
    {
        const auto all = as.stats().at("resource").as_object();
        const auto* n = all.if_contains(why);
        return n ? n->as_int64() : 0;
    }
};

asio::awaitable<int> get_often(const http_client& api, std::string url, int times)
{
    http_client client = api;
    int good = 0;
    for (int i = 0; i < times; ++i) {
        const http_response r = co_await client.get(url + "?n=" + std::to_string(i));
        if (r.status() == 200 && r.body().find("\"scheme\":\"DPoP\"") != std::string::npos) ++good;
    }
    co_return good;
}

} // namespace

BOOST_AUTO_TEST_CASE(A43_a_resource_whose_nonce_changes_with_every_answer)
{
    world w({{"AT_TTL", "60"}, {"DPOP_NONCE", "require"}, {"RS_NONCE", "rotate"}});
    const token_source tokens = w.bound_to(signing_key::generate());
    const http_client api(tokens);
    BOOST_TEST(finish(w.context, get_often(api, w.as.url("/api/whoami"), 20)) == 20);
    BOOST_TEST(w.refusals("use_dpop_nonce") == 1); // the first proof had none
    BOOST_TEST(w.refusals("invalid_dpop_proof") == 0);
    BOOST_TEST(w.as.token_requests() == 1u);
    tokens.close();
}

BOOST_AUTO_TEST_CASE(a_key_in_a_module_signs_for_the_server_and_for_the_resource)
{
    world w({{"AT_TTL", "60"}, {"DPOP_NONCE", "require"}, {"RS_NONCE", "rotate"}});
    const auto module = std::make_shared<module_key>();
    const token_source tokens = w.bound_to(module->handle(module));
    const http_client api(tokens);
    BOOST_TEST(finish(w.context, get_often(api, w.as.url("/api/whoami"), 3)) == 3);
    BOOST_TEST(module->asked == 2 + 4); // two for the token, then one more for the first nonce of the resource
    // Over somebody else's client, on another kind of executor.
    const http_client plain(w.context.get_executor());
    const auto send = [&](const http_request& r, const http_fields& authorization) -> asio::awaitable<http_response> {
        http_request with = r;
        for (const http_field& f : authorization) with.field(f.name, f.value);
        http_client c = plain;
        co_return co_await c.request(std::move(with));
    };
    authorized call(tokens, send);
    const http_response answer = finish(w.context, call(http_request("GET", w.as.url("/api/whoami"))));
    BOOST_TEST(answer.status() == 200u, answer.body());
    BOOST_TEST(module->asked == 7);
    tokens.close();
}

BOOST_AUTO_TEST_CASE(B14_a_stolen_token_is_of_no_use_without_the_key)
{
    world w({{"AT_TTL", "60"}});
    const signing_key key = signing_key::generate();
    const token_source tokens = w.bound_to(key);
    const std::string stolen = finish(w.context, [](token_source t) -> asio::awaitable<std::string> {
        co_return std::string((co_await t.get()).value().reveal());
    }(tokens));
    const http_client plain(w.context.get_executor());
    http_request as_bearer("GET", w.as.url("/api/whoami"));
    as_bearer.field("Authorization", "Bearer " + stolen);
    const auto status = [&](http_request r) {
        return finish(w.context, [](http_client c, http_request what) -> asio::awaitable<unsigned> {
            co_return (co_await c.request(std::move(what))).status();
        }(plain, std::move(r)));
    };
    BOOST_TEST(status(as_bearer) == 401u);
    // With a key of the thief's.
    source_options options;
    options.allowed_origins = {w.as.issuer()};
    const token_source thief(w.context.get_executor(),
                             client_registration(w.as.token_endpoint(), "dpop-public").dpop_bound_access_tokens(),
                             grant::refresh_token({}), options);
    const auto loot = token_set().access_token(stolen).token_type("DPoP").dpop_key(signing_key::generate());
    finish(w.context, [](token_source t, token_set s) -> asio::awaitable<int> {
        co_await t.set_tokens(std::move(s));
        co_return 0;
    }(thief, loot));
    const http_client api(thief);
    BOOST_TEST(finish(w.context, get_often(api, w.as.url("/api/whoami"), 1)) == 0);
    BOOST_TEST(w.refusals("invalid_dpop_proof") > 0);
    thief.close();
    tokens.close();
}

BOOST_AUTO_TEST_CASE(a_machine_makes_its_own_key)
{
    world w({{"AT_TTL", "60"}, {"DPOP_NONCE", "offer"}});
    source_options options;
    options.allowed_origins = {w.as.issuer()};
    const token_source tokens(w.context.get_executor(),
                              client_registration(w.as.token_endpoint(), "dpop")
                                  .client_secret_basic("dpop-secret")
                                  .dpop_bound_access_tokens(),
                              grant::client_credentials(), options);
    const http_client api(tokens);
    BOOST_TEST(finish(w.context, get_often(api, w.as.url("/api/whoami"), 2)) == 2);
    BOOST_TEST(w.as.token_requests("client_credentials") == 1u);
    tokens.close();
}
