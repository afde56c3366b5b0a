// RFC 7662 (introspection), OpenID Connect UserInfo and RP-Initiated Logout, and FAULTS B22.

#include "support/fake_provider.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/introspection.hpp>
#include <afresh/token_source.hpp>
#include <afresh/user_info.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace std::chrono_literals;

namespace {

struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    provider op{server->issuer, test::options_for(server)};
    client_registration client =
        client_registration(server->issuer + "/token", "client").client_secret_basic("secret").issuer(server->issuer);

    world()
    {
        server->metadata["introspection_endpoint"] = server->issuer + "/introspect";
        server->metadata["userinfo_endpoint"] = server->issuer + "/me";
    }
    introspection ask()
    {
        asio::io_context context;
        return test::run(context, introspect(op, client, "token-text"));
    }
    error_code refused()
    {
        try {
            ask();
        } catch (const sign_in_error& e) {
            BOOST_TEST(std::string(e.what()).find("token-text") == std::string::npos);
            BOOST_TEST(e.said().error_description.find("token-text") == std::string::npos);
            return e.code();
        }
        return {};
    }
};

asio::awaitable<std::string> about(provider op, std::shared_ptr<transport> t, std::string subject)
{
    source_options options;
    options.service.transport = t;
    token_source tokens(co_await asio::this_coro::executor,
                        client_registration("https://server.example.com/token", "client"), grant::refresh_token({}),
                        options);
    co_await tokens.set_tokens(token_set().access_token("at").expires_in(60s));
    const access_token token = co_await tokens.get();
    tokens.close();
    co_return co_await user_info(op, token, subject);
}

} // namespace

BOOST_AUTO_TEST_CASE(B22_only_true_is_active)
{
    for (const auto body : {R"({"active":"true"})", R"({"active":1})", R"({"active":null})", "{}", "[]", "", "true",
                            "<html>", R"({"active":true,"active":false})", R"({"active":true)"}) {
        world w;
        w.server->answer("/introspect", 200, body);
        BOOST_TEST((w.refused() == errc::malformed_response), body);
    }
    world w;
    w.server->answer("/introspect", 200, R"({"active":false,"sub":"alice","scope":"a"})");
    const introspection dead = w.ask();
    BOOST_TEST(!dead.active);
    BOOST_TEST(dead.subject.empty());
    BOOST_TEST(dead.scope.empty());
    w.server->answer("/introspect", 200, R"({"active":true,"sub":"alice","scope":"a","exp":1700000100,"x":[1]})");
    const introspection alive = w.ask();
    BOOST_TEST(alive.active);
    BOOST_TEST(alive.subject == "alice");
    BOOST_TEST((alive.expires_at == std::chrono::system_clock::time_point(1700000100s)));
    BOOST_TEST(alive.claims.find("\"x\":[1]") != std::string::npos);
    BOOST_TEST(!w.server->last.fields().find("Authorization").empty());
    BOOST_TEST(w.server->last.body() == "token=token-text&token_type_hint=access_token");
}

BOOST_AUTO_TEST_CASE(B22_a_token_is_not_shown_to_another_server)
{
    world w;
    w.client = client_registration("https://other.example.com/token", "client")
                   .client_secret_basic("s")
                   .issuer("https://other.example.com");
    BOOST_TEST((w.refused() == errc::invalid_argument));
    for (const std::string& r : w.server->requests) BOOST_TEST(r.find("token-text") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_the_server_says_instead)
{
    world w;
    w.server->answer("/introspect", 401, R"({"error":"invalid_client","error_description":"token-text"})");
    BOOST_TEST((w.refused() == errc::misconfigured));
    w.server->answer("/introspect", 503, "");
    BOOST_TEST((w.refused() == errc::temporarily_unavailable));
    w.server->answers[w.server->issuer + "/introspect"] = nullptr;
    BOOST_TEST((w.refused() == errc::temporarily_unavailable));
    world none;
    none.server->metadata.erase("introspection_endpoint");
    BOOST_TEST((none.refused() == errc::misconfigured));
}

BOOST_AUTO_TEST_CASE(user_info_is_about_the_user_who_signed_in)
{
    const std::tuple<unsigned, const char*, errc> table[] = {
        {200, R"({"sub":"mallory"})", errc::invalid_id_token},
        {200, "{}", errc::invalid_id_token},
        {200, R"({"sub":"mallory","sub":"alice"})", errc::malformed_response},
        {200, "eyJhbGciOiJub25lIn0.e30.", errc::malformed_response},
        {401, "", errc::sign_in_required},
        {403, "", errc::misconfigured},
        {500, "", errc::temporarily_unavailable},
    };
    for (const auto& [status, body, expected] : table) {
        world w;
        w.server->answer("/me", status, body);
        asio::io_context context;
        BOOST_CHECK_EXCEPTION(test::run(context, about(w.op, w.server, "alice")), sign_in_error,
                              [e = expected](const sign_in_error& x) { return x.code() == e; });
    }
    world w;
    w.server->answer("/me", 200, R"({"sub":"alice","name":"Alice"})");
    asio::io_context context;
    BOOST_TEST(test::run(context, about(w.op, w.server, "alice")) == R"({"sub":"alice","name":"Alice"})");
    BOOST_TEST(w.server->last.fields().find("Authorization") == "Bearer at");
}

BOOST_AUTO_TEST_CASE(where_a_user_signs_out)
{
    server_metadata m;
    BOOST_TEST(logout_url(m, {}).empty());
    m.end_session_endpoint = "https://server.example.com/logout?x=1";
    BOOST_TEST(logout_url(m, {}) == m.end_session_endpoint);
    BOOST_TEST(
        logout_url(m,
                   {.id_token_hint = "ey", .post_logout_redirect_uri = "https://app.example.com/", .state = "a&b"}) ==
        "https://server.example.com/"
        "logout?x=1&id_token_hint=ey&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2F&state=a%26b");
}
