// RFC 6749 4.1 (authorization code), 7636 (PKCE), 9207 (iss), 9101 (request objects), 9126 (pushed requests), OpenID Connect
// Core 3.3 (hybrid flow), and FAULTS B9: an answer that is not this request's sends nothing anywhere.

#include "core/authorization_request.hpp"
#include "core/strict_json.hpp"
#include "crypto/digest.hpp"
#include "support/fake_provider.hpp"
#include "support/print_errc.hpp"
#include "support/run.hpp"

#include <afresh/sign_in.hpp>

#include <boost/test/unit_test.hpp>

using namespace afresh;
using test::fake_provider;
namespace json = boost::json;

namespace {

const std::string redirect_uri = "https://app.example.com/callback";

struct world {
    std::shared_ptr<fake_provider> server = std::make_shared<fake_provider>();
    sign_in_options options;
    client_registration client = client_registration(server->issuer + "/token", "client")
                                     .client_secret_basic("secret")
                                     .issuer(server->issuer)
                                     .revocation_endpoint(server->issuer + "/revoke");
    started_sign_in started;
    core::kept_sign_in kept;

    world()
    {
        options.redirect_uri = redirect_uri;
        server->answers[server->issuer + "/token"] = [this] {
            const std::string id = id_token.empty() ? server->id_token() : id_token;
            return test::json_answer(
                200, R"({"access_token":"at","token_type":"Bearer","expires_in":60,"refresh_token":"rt","id_token":")" +
                         id + "\"}");
        };
    }
    authorization_code& flow()
    {
        if (!flow_) flow_.emplace(provider(server->issuer, test::options_for(server)), client, options);
        return *flow_;
    }
    void start()
    {
        asio::io_context context;
        started = test::run(context, flow().start());
        kept = *core::read_kept(started.kept.reveal());
        server->claims["nonce"] = kept.nonce;
    }
    std::string good_callback() const { return "code=c1&state=" + kept.state; }
    signed_in finish(std::string callback)
    {
        asio::io_context context;
        return test::run(context, flow().finish(started.kept, std::move(callback)));
    }
    // The code of what finish() throws, and its text.
    std::pair<error_code, std::string> refused(std::string callback)
    {
        try {
            finish(std::move(callback));
        } catch (const sign_in_error& e) {
            return {e.code(), e.what()};
        }
        return {};
    }
    int token_requests() { return server->asked[server->issuer + "/token"]; }

    std::string id_token;

private:
    std::optional<authorization_code> flow_;
};

std::string parameter(const std::string& url, const std::string& name)
{
    const auto at = url.find(name + "=");
    if (at == std::string::npos) return {};
    const auto begin = at + name.size() + 1;
    return url.substr(begin, url.find('&', begin) - begin);
}

} // namespace

BOOST_AUTO_TEST_CASE(B9_what_is_not_the_answer_to_this_request_sends_nothing)
{
    const std::pair<const char*, std::string> table[] = {
        {"nothing", ""},
        {"no state", "code=c1"},
        {"an empty state", "code=c1&state="},
        {"another state", "code=c1&state=AAAA"},
        {"no code", "state=@"},
        {"two codes", "code=c1&code=c2&state=@"},
        {"two states", "code=c1&state=@&state=@"},
        {"another server's", "code=c1&state=@&iss=https%3A%2F%2Fevil.example.com"},
        {"this server's with a slash more", "code=c1&state=@&iss=https%3A%2F%2Fserver.example.com%2F"},
        {"an access token", "code=c1&state=@&access_token=at"},
        {"an ID token that nobody asked for", "code=c1&state=@&id_token=x"},
        {"a signed response", "code=c1&state=@&response=ey"},
        {"a control character", "code=c%0d%0a1&state=@"},
        {"a broken escape", "code=c%1&state=@"},
        {"in the fragment", redirect_uri + "#code=c1&state=@"},
        {"an error for somebody else", "error=access_denied&state=AAAA"},
        {"too much", "code=c1&state=@&x=" + std::string(70'000, 'x')},
    };
    for (const auto& [what, text] : table) {
        world w;
        w.start();
        std::string callback = text;
        for (std::size_t at; (at = callback.find("@")) != std::string::npos;) callback.replace(at, 1, w.kept.state);
        BOOST_TEST((w.refused(callback).first == errc::invalid_callback), what);
        BOOST_TEST(w.token_requests() == 0, what);
        BOOST_TEST(w.finish(w.good_callback()).subject == "alice", what); // and spoils nothing
    }
}

BOOST_AUTO_TEST_CASE(B9_a_server_that_always_says_iss_must_say_it)
{
    world w;
    w.server->metadata["authorization_response_iss_parameter_supported"] = true;
    w.start();
    BOOST_TEST((w.refused(w.good_callback()).first == errc::invalid_callback));
    BOOST_TEST((w.refused("error=access_denied&state=" + w.kept.state).first == errc::invalid_callback));
    BOOST_TEST(w.finish(w.good_callback() + "&iss=https%3A%2F%2Fserver.example.com").subject == "alice");
}

BOOST_AUTO_TEST_CASE(B9_what_was_kept_for_another_server_or_too_long_ago_is_of_no_use)
{
    world w;
    w.start();
    for (const auto member : {"issuer", "client_id", "state", "code_verifier", "started"}) {
        auto o = *core::strict_object(w.started.kept.reveal());
        o[member] = "https://evil.example.com";
        const started_sign_in good = w.started;
        w.started.kept = json::serialize(o);
        BOOST_TEST(
            (w.refused(w.good_callback()).first == errc::invalid_callback || member == std::string("code_verifier")),
            member);
        w.started = good;
    }
    world late;
    late.start();
    late.server->wall += 601;
    BOOST_TEST((late.refused(late.good_callback()).first == errc::invalid_callback));
    BOOST_TEST(late.token_requests() == 0);
}

BOOST_AUTO_TEST_CASE(the_server_s_refusal_is_told_in_its_own_words)
{
    world w;
    w.start();
    try {
        w.finish("error=access_denied&error_description=no%0Away&state=" + w.kept.state);
        BOOST_FAIL("nothing was thrown");
    } catch (const sign_in_error& e) {
        BOOST_TEST((e.code() == errc::sign_in_refused));
        BOOST_TEST((e.code() == condition::sign_in));
        BOOST_TEST(e.said().error == "access_denied");
        BOOST_TEST(e.said().error_description == "no?way");
    }
}

BOOST_AUTO_TEST_CASE(a_code_is_sent_once_whatever_becomes_of_it)
{
    world w;
    w.start();
    w.server->answers[w.server->issuer + "/token"] = nullptr; // the answer is lost
    BOOST_TEST((w.refused(w.good_callback()).first == errc::sign_in_lost));
    BOOST_TEST((w.refused(w.good_callback()).first == errc::invalid_callback));
    BOOST_TEST(w.token_requests() == 1);

    world twice;
    twice.start();
    BOOST_TEST(twice.finish(twice.good_callback()).subject == "alice");
    BOOST_TEST((twice.refused(twice.good_callback()).first == errc::invalid_callback));
    BOOST_TEST(twice.token_requests() == 1);
}

BOOST_AUTO_TEST_CASE(the_token_endpoint_s_verdicts)
{
    const std::tuple<unsigned, const char*, errc> table[] = {
        {400, R"({"error":"invalid_grant"})", errc::sign_in_refused},
        {401, R"({"error":"invalid_client"})", errc::misconfigured},
        {400, R"({"error":"invalid_request"})", errc::misconfigured},
        {500, "", errc::sign_in_lost},
        {200, "<html>", errc::sign_in_lost},
        {429, "", errc::temporarily_unavailable},
        {200, R"({"access_token":"at","token_type":"mac","refresh_token":"rt"})", errc::malformed_response},
        {200, R"({"access_token":"at","token_type":"Bearer"})", errc::invalid_id_token},
    };
    for (const auto& [status, body, expected] : table) {
        world w;
        w.start();
        w.server->answers[w.server->issuer + "/token"] = [s = status, b = std::string(body)] {
            return test::json_answer(s, b);
        };
        BOOST_TEST((w.refused(w.good_callback()).first == expected), status << " " << body);
    }
}

BOOST_AUTO_TEST_CASE(the_request_of_the_rfc_and_the_exchange_that_follows)
{
    world w;
    w.options.scope = "openid a";
    w.options.resources = {"https://api.example.com/"};
    w.options.login_hint = "a b&c";
    w.options.parameters = {http_field("ui_locales", "de")};
    w.start();
    const std::string& url = w.started.url;
    BOOST_TEST(url.starts_with("https://server.example.com/authorization?client_id=client&response_type=code&"));
    BOOST_TEST(parameter(url, "redirect_uri") == "https%3A%2F%2Fapp.example.com%2Fcallback");
    BOOST_TEST(parameter(url, "scope") == "openid+a");
    BOOST_TEST(parameter(url, "code_challenge_method") == "S256");
    BOOST_TEST(parameter(url, "code_challenge") == crypto::sha256_text(w.kept.code_verifier));
    BOOST_TEST(parameter(url, "state") == w.started.state);
    BOOST_TEST(parameter(url, "login_hint") == "a+b%26c");
    BOOST_TEST(parameter(url, "ui_locales") == "de");
    BOOST_TEST(w.kept.state.size() == 43u); // 256 bits, as the rest
    BOOST_TEST(w.kept.code_verifier.size() == 43u);
    BOOST_TEST(url.find(w.kept.code_verifier) == std::string::npos);

    const signed_in user = w.finish("https://app.example.com/callback?" + w.good_callback());
    BOOST_TEST(user.subject == "alice");
    BOOST_TEST(user.tokens.access_token().reveal() == "at");
    BOOST_TEST(user.tokens.refresh_token().reveal() == "rt");
    BOOST_TEST(user.tokens.expires_in()->count() == 60);
    const auto sent = std::find_if(w.server->requests.begin(), w.server->requests.end(),
                                   [](const std::string& r) { return r.find("/token ") != std::string::npos; });
    BOOST_REQUIRE((sent != w.server->requests.end()));
    BOOST_TEST(
        *sent ==
        "POST https://server.example.com/token grant_type=authorization_code&code=c1&redirect_uri=https%3A%2F%2Fapp."
        "example.com%2Fcallback&code_verifier=" +
            w.kept.code_verifier + "&resource=https%3A%2F%2Fapi.example.com%2F");
}

BOOST_AUTO_TEST_CASE(two_sign_ins_have_nothing_in_common)
{
    world a, b;
    a.start();
    b.start();
    BOOST_TEST(a.kept.state != b.kept.state);
    BOOST_TEST(a.kept.nonce != b.kept.nonce);
    BOOST_TEST(a.kept.code_verifier != b.kept.code_verifier);
    // One's code, injected into the other's session (RFC 9700 4.5)
    b.started.kept = a.started.kept;
    BOOST_TEST((b.refused("code=c1&state=" + b.kept.state).first == errc::invalid_callback));
}

BOOST_AUTO_TEST_CASE(an_id_token_that_must_not_be_trusted_costs_the_tokens)
{
    world w;
    w.start();
    w.server->claims["nonce"] = "another sign-in's";
    BOOST_TEST((w.refused(w.good_callback()).first == errc::invalid_id_token));
    BOOST_TEST(w.server->requests.back() ==
               "POST https://server.example.com/revoke token=rt&token_type_hint=refresh_token");
}

BOOST_AUTO_TEST_CASE(the_implicit_flow_and_what_the_library_sends_itself_cannot_be_asked_for)
{
    for (const auto name : {"response_type", "state", "nonce", "Code_Challenge", "redirect_uri", "request", ""}) {
        world w;
        w.options.parameters = {http_field(name, "token")};
        BOOST_CHECK_THROW(w.flow(), boost::system::system_error);
    }
    const auto refused = [](auto change) {
        world w;
        change(w.options);
        BOOST_CHECK_THROW(w.flow(), boost::system::system_error);
    };
    refused([](auto& o) { o.redirect_uri.clear(); });
    refused([](auto& o) { o.scope = "a  b"; });
    refused([](auto& o) { o.hybrid = true, o.scope = "a"; });
    refused([](auto& o) { o.resources = {"api"}; });
    refused([](auto& o) { o.authorization_details = "{}"; });
    refused([](auto& o) { o.authorization_details = "["; });
    refused([](auto& o) { o.limit = std::chrono::seconds(0); });
    refused([](auto& o) { o.max_age = std::chrono::seconds(-1); });
}

BOOST_AUTO_TEST_CASE(a_pushed_request_shows_the_browser_a_reference_only)
{
    world w;
    w.server->metadata["require_pushed_authorization_requests"] = true;
    const std::string endpoint = w.server->issuer + "/pushed_authorization_request";
    const std::tuple<unsigned, const char*, errc> bad[] = {
        {400, R"({"error":"invalid_request"})", errc::misconfigured},
        {201, "{}", errc::malformed_response},
        {201, "<html>", errc::malformed_response},
        {503, "", errc::temporarily_unavailable},
    };
    for (const auto& [status, body, expected] : bad) {
        w.server->answers[endpoint] = [s = status, b = std::string(body)] { return test::json_answer(s, b); };
        asio::io_context context;
        BOOST_CHECK_EXCEPTION(test::run(context, w.flow().start()), sign_in_error,
                              [e = expected](const sign_in_error& x) { return x.code() == e; });
    }
    w.server->answers[endpoint] = [] {
        return test::json_answer(201, R"({"request_uri":"urn:example:1","expires_in":60})");
    };
    w.start();
    BOOST_TEST(w.started.url ==
               "https://server.example.com/authorization?client_id=client&request_uri=urn%3Aexample%3A1");
    BOOST_TEST(w.server->last.body().find("code_challenge=") != std::string::npos);
    BOOST_TEST(!w.server->last.fields().find("Authorization").empty());
    BOOST_TEST(w.finish(w.good_callback()).subject == "alice");
}

BOOST_AUTO_TEST_CASE(a_signed_request_says_everything_as_claims)
{
    world w;
    w.options.request_object_key = signing_key::generate();
    w.options.max_age = std::chrono::seconds(60);
    w.start();
    const std::string object = parameter(w.started.url, "request");
    const auto first = object.find('.'), second = object.rfind('.');
    const auto claims =
        *core::strict_object(crypto::from_base64url(object.substr(first + 1, second - first - 1))->reveal());
    BOOST_TEST(core::text_member(claims, "iss") == "client");
    BOOST_TEST(core::text_member(claims, "aud") == w.server->issuer);
    BOOST_TEST(core::text_member(claims, "state") == w.kept.state);
    BOOST_TEST(claims.at("max_age").as_int64() == 60);
    BOOST_TEST(!claims.contains("request"));
    BOOST_TEST(parameter(w.started.url, "state").empty());
    const auto key = crypto::key::public_from_jwk(*core::strict_object(w.options.request_object_key.public_jwk()));
    BOOST_TEST(crypto::verify(crypto::algorithm::es256, *key, object.substr(0, second),
                              crypto::from_base64url(object.substr(second + 1))->reveal()));
}

BOOST_AUTO_TEST_CASE(in_the_hybrid_flow_the_first_id_token_vouches_for_the_code)
{
    const auto begin = [](world& w) {
        w.options.hybrid = true;
        w.start();
        BOOST_TEST(parameter(w.started.url, "response_type") == "code+id_token");
        BOOST_TEST(parameter(w.started.url, "response_mode") == "form_post");
        w.id_token = w.server->id_token(); // of the token endpoint
    };
    const auto callback = [](world& w, const char* code) {
        w.server->claims["c_hash"] = crypto::half_hash_for(w.server->id_token(), "c1");
        return "code=" + std::string(code) + "&state=" + w.kept.state + "&id_token=" + w.server->id_token();
    };
    world good;
    good.server->metadata["authorization_response_iss_parameter_supported"] =
        true; // the ID token says it (RFC 9207 2.4)
    begin(good);
    BOOST_TEST(good.finish(callback(good, "c1")).subject == "alice");

    world injected; // somebody else's code
    begin(injected);
    const auto [ec, text] = injected.refused(callback(injected, "c2"));
    BOOST_TEST((ec == errc::invalid_id_token));
    BOOST_TEST(text.starts_with("c_hash: "), text);
    BOOST_TEST(injected.token_requests() == 0);

    world without;
    begin(without);
    BOOST_TEST((without.refused(without.good_callback()).first == errc::invalid_callback));

    world other_user;
    begin(other_user);
    other_user.server->claims["sub"] = "mallory";
    BOOST_TEST(other_user.refused(callback(other_user, "c1")).second.starts_with("sub: "));
}
