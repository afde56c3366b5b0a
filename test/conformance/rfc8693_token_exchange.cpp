// RFC 8693 (token exchange) and RFC 7523 2.1 (JWT bearer) through a token source: each request carries what is fresh.

#include "support/fake_provider.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/grant_parameters.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace std::chrono_literals;

namespace {

struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    asio::io_context context;
    int answered = 0;

    world()
    {
        server->answers[server->issuer + "/token"] = [this] {
            return test::json_answer(200, R"({"access_token":"at)" + std::to_string(++answered) +
                                              R"(","token_type":"Bearer","expires_in":3600})");
        };
    }
    token_source source(grant g, std::string key)
    {
        source_options options;
        options.key = std::move(key);
        options.service.transport = server;
        return token_source(context.get_executor(),
                            client_registration(server->issuer + "/token", "client").client_secret_post("secret"),
                            std::move(g), options);
    }
    static asio::awaitable<std::string> get(token_source& t)
    {
        const access_token got = co_await t.get();
        co_return std::string(got.value().reveal());
    }
    static asio::awaitable<error_code> fails(token_source& t)
    {
        try {
            (void)co_await t.get();
        } catch (const boost::system::system_error& e) {
            co_return e.code();
        }
        co_return error_code();
    }
};

struct broken : grant_parameters {
    asio::awaitable<std::vector<http_field>> next() override { throw std::runtime_error("no assertion today"); }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_fresh_subject_token_is_exchanged)
{
    world w;
    token_source subject = w.source(grant::client_credentials(), "subject"),
                 actor = w.source(grant::client_credentials(), "actor");
    token_exchange_options options;
    options.audience = "backend";
    options.requested_token_type = "urn:ietf:params:oauth:token-type:access_token";
    token_source tokens = w.source(token_exchange(subject, actor, options).scope("a b"), "exchanged");
    BOOST_TEST(test::finish(w.context, world::get(tokens)) == "at3");
    BOOST_TEST(
        w.server->requests.back() ==
        "POST https://server.example.com/token grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange"
        "&subject_token=at1&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
        "&actor_token=at2&actor_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token"
        "&requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&audience=backend"
        "&scope=a+b&client_id=client&client_secret=secret");
    for (const token_source& t : {subject, actor, tokens}) t.close();
}

// RFC 8693 2.3
BOOST_AUTO_TEST_CASE(the_example_of_the_rfc)
{
    world w;
    w.server->answers[w.server->issuer + "/token"] = [] {
        return test::json_answer(200, R"({"access_token":"eyJhbGciOiJFUzI1NiIsImtpZCI6IjllciJ9.e30.c2ln",)"
                                      R"("issued_token_type":"urn:ietf:params:oauth:token-type:access_token",)"
                                      R"("token_type":"Bearer","expires_in":60})");
    };
    const token_source subject = w.source(grant::refresh_token({}), "subject");
    auto given = token_set().access_token("accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC");
    test::finish(w.context, [](token_source t, token_set s) -> asio::awaitable<int> {
        co_await t.set_tokens(std::move(s));
        co_return 0;
    }(subject, std::move(given)));
    token_source tokens = w.source(token_exchange(subject).resource("https://backend.example.com/api"), "exchanged");
    BOOST_TEST(test::finish(w.context, world::get(tokens)).starts_with("eyJhbGci"));
    BOOST_REQUIRE(w.server->requests.size() == 1u);
    for (const char* parameter : {"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&",
                                  "&resource=https%3A%2F%2Fbackend.example.com%2Fapi&",
                                  "&subject_token=accVkjcJyb4BWCxGsndESCJQbdFMogUC5PbRDqceLTC&",
                                  "&subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aaccess_token&"})
        BOOST_TEST(w.server->requests.front().find(parameter) != std::string::npos, parameter);
    tokens.close();
    subject.close();
}

BOOST_AUTO_TEST_CASE(a_lost_answer_costs_nothing)
{
    world w;
    token_source tokens = w.source(jwt_bearer(signing_key::generate(), {.issuer = "i", .audience = "a"}), "jwt");
    const auto good = w.server->answers[w.server->issuer + "/token"];
    w.server->answers[w.server->issuer + "/token"] = nullptr;
    BOOST_TEST((test::finish(w.context, world::fails(tokens)) == errc::temporarily_unavailable));
    w.server->answers[w.server->issuer + "/token"] = good;
    tokens.retry_grant();
    BOOST_TEST(test::finish(w.context, world::get(tokens)) == "at1");
    BOOST_TEST(w.server->requests.front() != w.server->requests.back()); // another assertion
    tokens.close();
}

BOOST_AUTO_TEST_CASE(an_assertion_that_cannot_be_made_sends_nothing_and_says_why)
{
    world w;
    token_source tokens =
        w.source(grant::extension("urn:ietf:params:oauth:grant-type:saml2-bearer", std::make_shared<broken>()), "saml");
    BOOST_TEST((test::finish(w.context, world::fails(tokens)) == errc::temporarily_unavailable));
    BOOST_TEST(tokens.status().last_detail == "no assertion today");
    BOOST_TEST(w.server->requests.empty());
    tokens.close();
    BOOST_CHECK_THROW(w.source(grant::extension("not a uri", std::make_shared<broken>()), "x"),
                      boost::system::system_error);
    BOOST_CHECK_THROW(w.source(grant::extension("urn:x", nullptr), "y"), boost::system::system_error);
}
