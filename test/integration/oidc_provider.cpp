// The main job against a real authorization server: panva's oidc-provider, with rotation on every use and reuse
// detection.

#include "support/authorization_server.hpp"

#include <afresh/http_client.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>

namespace asio = boost::asio;
using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

// Runs one coroutine to its end and rethrows what it threw.
void run(asio::io_context& context, std::function<asio::awaitable<void>()> body)
{
    std::exception_ptr failed;
    asio::co_spawn(context, body(), [&](std::exception_ptr e) { failed = e; });
    context.run();
    if (failed) std::rethrow_exception(failed);
}

client_registration basic(const authorization_server& as)
{
    return client_registration(as.token_endpoint(), "basic").client_secret_basic("basic-secret");
}

signing_key client_key(const std::string& file, const char* algorithm, const char* key_id)
{
    return signing_key::from_pem_file(authorization_server::pki() + "/pkjwt-" + file + ".pem", algorithm, key_id);
}

} // namespace

BOOST_AUTO_TEST_SUITE(oidc_provider)

BOOST_AUTO_TEST_CASE(a_refresh_token_becomes_an_access_token_that_the_resource_takes)
{
    authorization_server as({{"AT_TTL", "60"}});
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        token_source tokens(context.get_executor(), basic(as), grant::refresh_token(as.mint().refresh_token),
                            {.allowed_origins = {as.issuer()}});
        const access_token t = co_await tokens.get();
        BOOST_TEST(t.type() == "Bearer");
        BOOST_TEST(t.scope() == "openid offline_access api:read");
        BOOST_TEST(t.generation() == 2u); // the refresh token we brought is generation 1
        BOOST_TEST(!t.id_token().empty());
        http_client api(tokens);
        const http_response me = co_await api.get(as.url("/api/whoami"));
        BOOST_TEST(me.status() == 200u);
        BOOST_TEST(me.body().find("\"sub\":\"alice\"") != std::string::npos);
        tokens.close();
    });
    BOOST_TEST(as.token_requests() == 1u);
}

BOOST_AUTO_TEST_CASE(each_way_of_client_authentication_is_accepted)
{
    authorization_server as({{"AT_TTL", "60"}});
    const std::string endpoint = as.token_endpoint();
    const auto mint = [&](const char* client) {
        mint_params p;
        p.client_id = client;
        return grant::refresh_token(as.mint(p).refresh_token);
    };
    struct row {
        client_registration registration;
        afresh::grant grant;
    };
    const std::vector<row> table = {
        {client_registration(endpoint, "basic").client_secret_basic("basic-secret"), mint("basic")},
        {client_registration(endpoint, "odd:id with/space").client_secret_basic("a+b c%d:e&f=g/h?~"),
         mint("odd:id with/space")},
        {client_registration(endpoint, "post").client_secret_post("post-secret"), mint("post")},
        {client_registration(endpoint, "public"), mint("public")},
        {client_registration(endpoint, "csjwt")
             .issuer(as.issuer())
             .client_secret_jwt("hs256-secret-that-is-at-least-32-bytes-long!!"),
         mint("csjwt")},
        {client_registration(endpoint, "pkjwt")
             .issuer(as.issuer())
             .private_key_jwt(client_key("es256", "ES256", "es1")),
         mint("pkjwt")},
        {client_registration(endpoint, "pkjwt")
             .issuer(as.issuer())
             .private_key_jwt(client_key("rs256", "RS256", "rs1")),
         mint("pkjwt")},
        {client_registration(endpoint, "pkjwt")
             .issuer(as.issuer())
             .private_key_jwt(client_key("rs256", "PS256", "rs1")),
         mint("pkjwt")},
        {client_registration(endpoint, "cc-only").client_secret_basic("cc-secret"), grant::client_credentials()},
    };
    for (const row& r : table) {
        asio::io_context context;
        run(context, [&]() -> asio::awaitable<void> {
            token_source tokens(context.get_executor(), r.registration, r.grant);
            const access_token t = co_await tokens.get();
            BOOST_TEST(!t.value().empty(), r.registration.client_id());
        });
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_secret_says_misconfigured_and_is_not_tried_again)
{
    authorization_server as;
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        token_source tokens(context.get_executor(),
                            client_registration(as.token_endpoint(), "basic").client_secret_basic("wrong"),
                            grant::refresh_token(as.mint().refresh_token));
        for (int i = 0; i < 3; ++i) {
            error_code ec;
            try {
                (void)co_await tokens.get();
            } catch (const boost::system::system_error& e) {
                ec = e.code();
            }
            BOOST_TEST((ec == errc::misconfigured));
            BOOST_TEST((ec == condition::misconfigured));
        }
        BOOST_TEST(tokens.status().last_diagnostics.error == "invalid_client");
        BOOST_TEST(tokens.status().token_requests == 1u);
        tokens.close();
    });
}

BOOST_AUTO_TEST_CASE(a_revoked_grant_says_sign_in_once_and_the_hook_s_tokens_heal_it)
{
    authorization_server as({{"AT_TTL", "60"}});
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        const auto first = as.mint();
        int asked = 0;
        source_options options;
        options.allowed_origins = {as.issuer()};
        options.on_sign_in = [&]() -> asio::awaitable<token_set> {
            ++asked;
            co_return token_set().refresh_token(as.mint().refresh_token);
        };
        token_source tokens(context.get_executor(), basic(as), grant::refresh_token(first.refresh_token), options);
        http_client api(tokens);
        BOOST_TEST((co_await api.get(as.url("/api/whoami"))).status() == 200u);
        as.revoke_grant(first.grant_id);
        // The resource says 401, the refresh is refused: that 401 is the caller's, and the hook signs in meanwhile.
        BOOST_TEST((co_await api.get(as.url("/api/whoami"))).status() == 401u);
        for (int i = 0; i < 100 && tokens.status().state == source_state::refused; ++i) {
            asio::steady_timer pause(context, 10ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
        BOOST_TEST((co_await api.get(as.url("/api/whoami"))).status() == 200u);
        BOOST_TEST(asked == 1);
        tokens.close();
    });
}

BOOST_AUTO_TEST_CASE(a_sign_out_revokes_the_refresh_token_there)
{
    authorization_server as({{"AT_TTL", "60"}});
    asio::io_context context;
    run(context, [&]() -> asio::awaitable<void> {
        source_options options;
        options.allowed_origins = {as.issuer()};
        token_source tokens(context.get_executor(), basic(as).revocation_endpoint(as.url("/token/revocation")),
                            grant::refresh_token(as.mint().refresh_token), options);
        http_client api(tokens);
        BOOST_TEST((co_await api.get(as.url("/api/whoami"))).status() == 200u);
        const access_token before = co_await tokens.get();
        co_await tokens.sign_out();
        // The provider ends the grant with its refresh token: the access token is refused too.
        http_client bare(context.get_executor());
        http_request request("GET", as.url("/api/whoami"));
        request.field("Authorization", "Bearer " + std::string(before.value().reveal()));
        BOOST_TEST((co_await bare.request(std::move(request))).status() == 401u);
        error_code ec;
        try {
            (void)co_await tokens.get();
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST((ec == errc::sign_in_required));
        BOOST_TEST(as.reuse_events() == 0u);
        tokens.close();
    });
}

BOOST_AUTO_TEST_CASE(five_hundred_coroutines_over_many_expiries_lose_no_call_and_no_token)
{
    authorization_server as({{"AT_TTL", "5"}});
    asio::io_context context;
    const auto until = std::chrono::steady_clock::now() + 20s;
    std::size_t calls = 0, failed = 0, generation = 0, requests = 0, running = 500;
    run(context, [&]() -> asio::awaitable<void> {
        token_source tokens(context.get_executor(), basic(as), grant::refresh_token(as.mint().refresh_token),
                            {.allowed_origins = {as.issuer()}});
        http_client api(tokens);
        const auto caller = [&]() -> asio::awaitable<void> {
            while (std::chrono::steady_clock::now() < until) {
                const http_response r = co_await api.get(as.url("/api/whoami"));
                ++calls;
                if (r.status() != 200) ++failed;
            }
        };
        for (int i = 0; i < 500; ++i)
            asio::co_spawn(context, caller(), [&](std::exception_ptr e) {
                if (e) ++failed;
                --running;
            });
        asio::steady_timer pause(context);
        while (running > 0) {
            pause.expires_after(50ms);
            co_await pause.async_wait(asio::use_awaitable);
        }
        co_await tokens.async_shutdown(10s, asio::use_awaitable); // an exchange under way counts, too
        generation = tokens.status().generation;
        requests = tokens.status().token_requests;
    });
    BOOST_TEST_MESSAGE(calls << " calls, " << generation << " generations");
    BOOST_TEST(calls > 500u);
    BOOST_TEST(failed == 0u);
    BOOST_TEST(generation >= 5u);
    BOOST_TEST(requests == generation - 1); // the refresh token we brought is generation 1
    BOOST_TEST(as.token_requests() == requests);
    BOOST_TEST(as.reuse_events() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
