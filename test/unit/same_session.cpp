// FAULTS A23: a refreshed ID token that is about somebody else quarantines the access token that came with it, keeps the
// refresh token, revokes nothing, and never asks for the server's keys.

#include "support/fake_provider.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/token_source.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    asio::io_context context;
    std::optional<token_source> tokens;
    std::vector<std::string> details;
    int answered = 0;
    std::string id_token; // of the next answer

    world()
    {
        server->claims["iat"] =
            std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
                .count();
        server->claims["nonce"] = "n";
        id_token = server->id_token();
        server->answers[server->issuer + "/token"] = [this] {
            const std::string n = std::to_string(++answered);
            return test::json_answer(200, R"({"access_token":"at)" + n +
                                              R"(","token_type":"Bearer","expires_in":3600,)" +
                                              R"("refresh_token":"rt)" + n + R"(","id_token":")" + id_token + "\"}");
        };
        source_options options;
        options.service.transport = server;
        tokens.emplace(context.get_executor(), client_registration(server->issuer + "/token", "client"),
                       grant::refresh_token("rt0"), options);
    }
    std::string token() { return test::finish(context, get(*tokens)); }
    // A new one, or the name of the error.
    std::string renewed() { return test::finish(context, renew(*tokens)); }

    static asio::awaitable<std::string> get(token_source& t)
    {
        const access_token got = co_await t.get();
        co_return std::string(got.value().reveal());
    }
    static asio::awaitable<std::string> renew(token_source& t)
    {
        const access_token held = co_await t.get();
        try {
            const access_token got = co_await t.renew_if_current(held);
            co_return std::string(got.value().reveal());
        } catch (const boost::system::system_error& e) {
            co_return std::string(to_string(static_cast<errc>(e.code().value())));
        }
    }
    void sign() { id_token = server->id_token(); }
};

} // namespace

BOOST_AUTO_TEST_CASE(A23_the_same_user_s_is_taken)
{
    world w;
    BOOST_TEST(w.token() == "at1");
    w.server->claims.erase("nonce"); // may be left out
    w.sign();
    BOOST_TEST(w.renewed() == "at2");
    BOOST_TEST(w.tokens->status().generation == 3u);
    w.tokens->close();
    BOOST_TEST(w.server->asked[w.server->issuer + "/jwks"] == 0);
}

// Against the original, not against the last one, which may say less.
BOOST_AUTO_TEST_CASE(A23_the_nonce_of_the_sign_in_is_remembered_when_an_id_token_leaves_it_out)
{
    world w;
    BOOST_TEST(w.token() == "at1");
    w.server->claims.erase("nonce");
    w.sign();
    BOOST_TEST(w.renewed() == "at2");
    w.server->claims["nonce"] = "another";
    w.sign();
    BOOST_TEST(w.renewed() == "malformed_response");
    BOOST_TEST(w.tokens->status().last_detail.starts_with("id_token: nonce"), w.tokens->status().last_detail);
    w.tokens->close();
}

BOOST_AUTO_TEST_CASE(A23_another_user_s_quarantines_and_loses_nothing)
{
    for (const auto name : {"sub", "iss", "aud"}) {
        world w;
        BOOST_TEST(w.token() == "at1");
        w.server->claims[name] = "mallory";
        w.sign();
        BOOST_TEST(w.renewed() == "malformed_response", name);
        BOOST_TEST(w.tokens->status().last_detail.starts_with(std::string("id_token: ") + name),
                   w.tokens->status().last_detail);
        // What comes next is asked for with the refresh token that came along.
        BOOST_TEST(w.server->requests.back().find("refresh_token=rt") != std::string::npos);
        BOOST_TEST(w.server->requests.back().find("refresh_token=rt0") == std::string::npos);
        w.tokens->close();
        for (const std::string& r : w.server->requests) BOOST_TEST(r.find("/revoke") == std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(A23_what_is_no_jwt_cannot_be_compared)
{
    world w;
    BOOST_TEST(w.token() == "at1");
    w.id_token = "a.b.c.d.e"; // encrypted
    BOOST_TEST(w.renewed() == "at2");
    w.tokens->close();
}
