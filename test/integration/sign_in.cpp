// Users sign in at a real authorization server, panva's oidc-provider, and what they get is used, refreshed and revoked through
// a token source.

#include "support/authorization_server.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/browser_sign_in.hpp>
#include <afresh/device_sign_in.hpp>
#include <afresh/http_client.hpp>
#include <afresh/http_transport.hpp>
#include <afresh/introspection.hpp>
#include <afresh/sign_in.hpp>
#include <afresh/token_source.hpp>
#include <afresh/user_info.hpp>

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <thread>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string callback = "http://127.0.0.1:8099/cb";

tls_options trusting(const std::string& certificate = {})
{
    tls_options o;
    const std::string pki = authorization_server::pki() + "/";
    o.trust_roots_file = pki + "ca.pem";
    if (certificate.empty()) return o;
    o.certificate_chain_file = pki + certificate + ".pem";
    o.private_key_file = pki + certificate + ".key";
    return o;
}

provider provider_of(const std::string& issuer, const tls_options& tls)
{
    provider_options options;
    options.transport = make_http_transport(tls);
    return provider(issuer, options);
}

server_metadata found(const authorization_server& as)
{
    asio::io_context context;
    return run(context, discover(as.issuer(), make_http_transport(trusting())));
}

sign_in_options web()
{
    sign_in_options o;
    o.redirect_uri = callback;
    o.scope = "openid api:read";
    return o;
}

asio::awaitable<error_code> next_error(token_source& tokens)
{
    try {
        (void)co_await tokens.get();
    } catch (const boost::system::system_error& e) {
        co_return e.code();
    }
    co_return error_code();
}

// Uses the tokens, has them refreshed, and signs out; then the server knows them no more.
asio::awaitable<int> live_with(client_registration client, signed_in user, std::string issuer, tls_options tls)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const provider op = provider_of(issuer, tls);
    const secret_string refresh_token = user.tokens.refresh_token();
    BOOST_TEST(!refresh_token.empty());
    BOOST_TEST(user.subject == "alice");
    source_options options;
    options.allowed_origins.push_back(issuer);
    options.service.transport = make_http_transport(tls);
    token_source tokens(executor, client, grant::refresh_token({}), options);
    co_await tokens.set_tokens(user.tokens);
    http_client_options http;
    http.tls = tls;
    http_client api(tokens, http);
    const std::string url = issuer + "/api/whoami";
    http_response me = co_await api.get(url);
    BOOST_TEST(me.status() == 200u);
    const access_token first = co_await tokens.get();
    const access_token second = co_await tokens.renew_if_current(first);
    BOOST_TEST(!(first.value() == second.value()));
    me = co_await api.get(url);
    BOOST_TEST(me.status() == 200u);
    const std::string claims = co_await user_info(op, second, user.subject);
    BOOST_TEST(claims.find("\"sub\":\"alice\"") != std::string::npos);
    const introspection before = co_await introspect(op, client, second.value());
    BOOST_TEST(before.active);
    BOOST_TEST(before.subject == "alice");
    co_await tokens.sign_out();
    const introspection after = co_await introspect(op, client, second.value());
    BOOST_TEST(!after.active);
    tokens.close();
    source_options other;
    other.service.transport = make_http_transport(tls);
    token_source thief(executor, client, grant::refresh_token(refresh_token), other);
    const error_code ec = co_await next_error(thief);
    // In doubt when the server wanted another proof first: who knows what it did with the first request?
    BOOST_TEST((ec == errc::sign_in_required || ec == errc::rotation_in_doubt));
    thief.close();
    co_return 0;
}

void sign_in_and_live(authorization_server& as, client_registration client, sign_in_options options,
                      const tls_options& tls = trusting())
{
    asio::io_context context;
    const authorization_code flow(provider_of(as.issuer(), tls), client, options);
    const started_sign_in started = run(context, flow.start());
    const std::string back = as.browse(started.url, callback);
    BOOST_REQUIRE(back.starts_with(callback));
    signed_in user = run(context, flow.finish(started.kept, back));
    run(context, live_with(client, std::move(user), as.issuer(), tls));
}

signing_key client_key(const char* file, const char* algorithm, const char* key_id)
{
    return signing_key::from_pem_file(authorization_server::pki() + "/pkjwt-" + file + ".pem", algorithm, key_id);
}

// Of the listener, in the request's redirect_uri.
unsigned short port_in(const std::string& url)
{
    const std::string before = "redirect_uri=http%3A%2F%2F127.0.0.1%3A";
    return static_cast<unsigned short>(std::stoi(url.substr(url.find(before) + before.size())));
}

} // namespace

BOOST_AUTO_TEST_SUITE(sign_in)

BOOST_AUTO_TEST_CASE(metadata_is_found)
{
    authorization_server as;
    const server_metadata m = found(as);
    BOOST_TEST(m.issuer == as.issuer());
    BOOST_TEST(m.token_endpoint == as.token_endpoint());
    BOOST_TEST(m.authorization_response_iss_parameter_supported);
    BOOST_TEST(!m.jwks_uri.empty());
    asio::io_context context;
    BOOST_CHECK_EXCEPTION(run(context, discover(as.issuer() + "/")), sign_in_error,
                          [](const sign_in_error& e) { return e.code() == errc::invalid_metadata; });
}

BOOST_AUTO_TEST_CASE(each_kind_of_client_signs_a_user_in)
{
    authorization_server as({{"AT_TTL", "60"}});
    const server_metadata m = found(as);
    const client_registration table[] = {
        client_registration(m, "basic").client_secret_basic("basic-secret"),
        client_registration(m, "odd:id with/space").client_secret_basic("a+b c%d:e&f=g/h?~"),
        client_registration(m, "post").client_secret_post("post-secret"),
        client_registration(m, "csjwt").client_secret_jwt("hs256-secret-that-is-at-least-32-bytes-long!!"),
        client_registration(m, "pkjwt").private_key_jwt(client_key("es256", "ES256", "es1")),
        client_registration(m, "pkjwt").private_key_jwt(client_key("rs256", "PS256", "rs1")),
        client_registration(m, "public"),
    };
    for (const client_registration& client : table) {
        BOOST_TEST_CONTEXT(client.client_id()) sign_in_and_live(as, client, web());
        sign_in_options pushed = web();
        pushed.push_request = true;
        BOOST_TEST_CONTEXT(client.client_id() << ", pushed") sign_in_and_live(as, client, pushed);
    }
}

BOOST_AUTO_TEST_CASE(the_same_over_https_and_with_certificates)
{
    authorization_server as({{"AT_TTL", "60"}, {"TLS", "1"}});
    const server_metadata m = found(as);
    sign_in_and_live(as, client_registration(m, "basic").client_secret_basic("basic-secret"), web());
    sign_in_and_live(as, client_registration(m, "pkjwt").private_key_jwt(client_key("es256", "ES256", "es1")), web());
    sign_in_and_live(as, client_registration(m, "public"), web());
    sign_in_and_live(as, client_registration(m, "dpop-public").dpop_bound_access_tokens(), web());
    sign_in_options pushed = web();
    pushed.push_request = true;
    // Their tokens are bound to the certificate (RFC 8705 3), which the UserInfo endpoint looks at.
    sign_in_and_live(as, client_registration(m, "mtls-ca").tls_client_auth(), pushed, trusting("client-ca"));
    sign_in_and_live(as, client_registration(m, "mtls-san").tls_client_auth(), web(), trusting("client-ca"));
    sign_in_and_live(as, client_registration(m, "mtls-ss").self_signed_tls_client_auth(), web(), trusting("client-ss"));
    sign_in_and_live(as, client_registration(m, "basic-bound").client_secret_basic("basic-secret"), web(),
                     trusting("client-ca"));
    sign_in_and_live(as, client_registration(m, "public-bound"), web(), trusting("client-ca"));
}

// RFC 9449; FAULTS A43, B14
BOOST_AUTO_TEST_CASE(tokens_bound_to_a_key_at_servers_with_and_without_nonces)
{
    for (const char* nonces : {"off", "offer", "require"}) {
        authorization_server as({{"AT_TTL", "60"}, {"DPOP_NONCE", nonces}});
        const server_metadata m = found(as);
        const client_registration table[] = {
            client_registration(m, "dpop").client_secret_basic("dpop-secret").dpop_bound_access_tokens(),
            client_registration(m, "dpop-public").dpop_bound_access_tokens()};
        for (const client_registration& client : table)
            for (const bool pushed : {false, true}) {
                sign_in_options options = web();
                options.push_request = pushed;
                BOOST_TEST_CONTEXT(client.client_id() << ", nonces " << nonces << (pushed ? ", pushed" : ""))
                sign_in_and_live(as, client, options);
            }
        sign_in_options own = web();
        own.dpop_key = signing_key::generate("EdDSA");
        sign_in_and_live(as, table[1], own);
    }
}

BOOST_AUTO_TEST_CASE(B14_what_is_bound_to_a_key_is_bound_from_the_code_on)
{
    authorization_server as({{"AT_TTL", "60"}});
    const auto client = client_registration(found(as), "dpop-public").dpop_bound_access_tokens();
    sign_in_options options = web();
    options.dpop_key = signing_key::generate();
    asio::io_context context;
    const authorization_code flow(provider(as.issuer()), client, options);
    const started_sign_in started = run(context, flow.start());
    const std::string back = as.browse(started.url, callback);
    options.dpop_key = signing_key::generate();
    const authorization_code thief(provider(as.issuer()), client, options);
    BOOST_CHECK_EXCEPTION(run(context, thief.finish(started.kept, back)), sign_in_error,
                          [](const sign_in_error& e) { return e.code() == errc::invalid_callback; });
    const signed_in user = run(context, flow.finish(started.kept, back));
    BOOST_TEST(user.tokens.token_type() == "DPoP");
    sign_in_options unreadable = web();
    unreadable.dpop_key = signing_key::generate("ES512");
    const authorization_code strange(provider(as.issuer()), client, unreadable);
    BOOST_CHECK_EXCEPTION(run(context, strange.start()), sign_in_error,
                          [](const sign_in_error& e) { return e.code() == errc::misconfigured; });
}

BOOST_AUTO_TEST_CASE(a_token_for_one_resource_is_a_jwt)
{
    authorization_server as({{"AT_TTL", "60"}});
    sign_in_options options = web();
    options.resources = {"https://api.jwt.test/"};
    asio::io_context context;
    const authorization_code flow(provider(as.issuer()),
                                  client_registration(found(as), "basic").client_secret_basic("basic-secret"), options);
    const started_sign_in started = run(context, flow.start());
    const signed_in user = run(context, flow.finish(started.kept, as.browse(started.url, callback)));
    BOOST_TEST(user.tokens.access_token().reveal().starts_with("eyJ"));
}

BOOST_AUTO_TEST_CASE(a_user_signs_in_with_the_browser_and_sees_how_it_went)
{
    authorization_server as({{"AT_TTL", "60"}});
    const client_registration client(found(as), "native");
    sign_in_options options;
    options.scope = "openid api:read";
    browser_options browser;
    browser.path = "/cb";
    browser.application = "Test & Co";
    std::jthread user_agent;
    std::string page, guess;
    browser.open_browser = [&](const std::string& url) {
        user_agent = std::jthread([&, url] {
            const auto port = port_in(url);
            const std::string back = as.browse(url, "http://127.0.0.1:" + std::to_string(port) + "/");
            guess = loopback_exchange(
                port, "GET /cb?code=x&state=y HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) + "\r\n\r\n");
            page = loopback_get(port, back.substr(back.find('/', 7)));
        });
    };
    const browser_sign_in sign_in(provider(as.issuer()), client, options, browser);
    asio::io_context context;
    signed_in user = run(context, sign_in.run());
    user_agent.join();
    BOOST_TEST(guess.starts_with("HTTP/1.1 400"));
    BOOST_TEST(page.find("You are signed in") != std::string::npos);
    BOOST_TEST(page.find("Test &amp; Co") != std::string::npos);
    run(context, live_with(client, std::move(user), as.issuer(), trusting()));
}

BOOST_AUTO_TEST_CASE(the_page_that_says_so_in_a_real_browser)
{
    authorization_server as({{"AT_TTL", "60"}});
    const client_registration client(found(as), "native");
    sign_in_options options;
    options.scope = "openid api:read";
    for (const bool ipv6 : {false, true}) {
        browser_options browser;
        browser.path = "/cb";
        browser.ipv6 = ipv6;
        std::jthread user_agent;
        std::string title;
        browser.open_browser = [&](const std::string& url) {
            user_agent =
                std::jthread([&, url] { title = authorization_server::browse_really(url, "sign_in_page.png"); });
        };
        const browser_sign_in sign_in(provider(as.issuer()), client, options, browser);
        asio::io_context context;
        const signed_in user = run(context, sign_in.run());
        user_agent.join();
        BOOST_TEST(user.subject == "alice");
        BOOST_TEST(title == "You are signed in"); // and no complaint about its policy
        BOOST_TEST(std::filesystem::file_size("sign_in_page.png") > 5000u);
    }
}

BOOST_AUTO_TEST_CASE(the_hybrid_flow_posts_its_answer)
{
    authorization_server as({{"AT_TTL", "60"}});
    const auto client = client_registration(found(as), "hybrid").client_secret_basic("hybrid-secret");
    sign_in_options options;
    options.scope = "openid api:read";
    options.hybrid = true;
    browser_options browser;
    browser.path = "/cb";
    std::jthread user_agent;
    std::string last;
    browser.open_browser = [&](const std::string& url) {
        user_agent = std::jthread([&, url] { last = as.browse(url, "nowhere:"); });
    };
    const browser_sign_in sign_in(provider(as.issuer()), client, options, browser);
    asio::io_context context;
    signed_in user = run(context, sign_in.run());
    user_agent.join();
    BOOST_TEST(last == "200 You are signed in");
    run(context, live_with(client, std::move(user), as.issuer(), trusting()));
}

void approve_a_device(authorization_server& as, const client_registration& client)
{
    sign_in_options options;
    options.scope = "openid api:read";
    std::string text;
    std::jthread user;
    const device_sign_in sign_in(provider(as.issuer()), client, options, [&](const device_prompt& prompt) {
        text = prompt.text();
        user = std::jthread([&, url = prompt.verification_uri_complete] { as.approve_device(url); });
    });
    asio::io_context context;
    signed_in who = run(context, sign_in.run());
    BOOST_TEST(text.find("To sign in, open") != std::string::npos, text);
    BOOST_TEST_MESSAGE(text);
    run(context, live_with(client, std::move(who), as.issuer(), trusting()));
}

BOOST_AUTO_TEST_CASE(a_user_approves_a_device)
{
    authorization_server as({{"AT_TTL", "60"}});
    approve_a_device(as, client_registration(found(as), "public"));
}

BOOST_AUTO_TEST_CASE(a_user_approves_a_device_whose_tokens_are_bound_to_a_key)
{
    authorization_server as({{"AT_TTL", "60"}, {"DPOP_NONCE", "require"}});
    approve_a_device(as, client_registration(found(as), "dpop-public").dpop_bound_access_tokens());
}

BOOST_AUTO_TEST_SUITE_END()
