// The configuration file of the `afresh` command: what is read, and how mistakes are told.

#include "cli/config/configuration.hpp"
#include "cli/config/located_json.hpp"
#include "cli/config/secret.hpp"
#include "support/temp_directory.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

using namespace afresh;
using namespace afresh::cli;

namespace {

// What is wrong with a text; empty: nothing.
std::string mistake(const std::string& text)
{
    try {
        parse_configuration(text, "c");
    } catch (const configuration_error& e) {
        return e.what();
    }
    return {};
}

std::string with(const std::string& members)
{
    return "{\"profiles\": {\"p\": {\n\"issuer\": \"https://as.example.com\",\n\"client_id\": \"c\"" +
           (members.empty() ? "" : ",\n" + members) + "}}}";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_profile_is_read)
{
    const configuration c = parse_configuration(R"({
  "$schema": "configuration.schema.json",
  "store": "/var/lib/afresh/tokens.db", // a comment
  "profiles": {
    "api": {
      "issuer": "https://as.example.com", /* another */
      "client_id": "c",
      "client_authentication": "client_secret_basic",
      "client_secret": {"command": ["pass", "show", "api"]},
      "dpop": true,
      "scope": "openid \"a\" \u00e9",
      "origins": ["https://api.example.com", "https://b.example.com"],
      "tls": {"trust_roots_file": "/r", "certificate_chain_file": "/c", "private_key_file": "/k"},
    },
  },
})",
                                                "c");
    BOOST_TEST(c.store == "/var/lib/afresh/tokens.db");
    BOOST_REQUIRE(c.profiles.size() == 1u);
    const profile& p = c.profiles.front();
    BOOST_TEST(p.name == "api");
    BOOST_TEST(p.line == 5u);
    BOOST_TEST(p.client_secret.command.size() == 3u);
    BOOST_TEST(p.dpop);
    BOOST_TEST(p.scope == "openid \"a\" \xc3\xa9");
    BOOST_TEST(p.origins.at(1) == "https://b.example.com");
    BOOST_TEST(p.certificate_key_file == "/k");
    BOOST_TEST(&find_profile(c, "") == &p);
    BOOST_CHECK_THROW(find_profile(c, "x"), configuration_error);
}

BOOST_AUTO_TEST_CASE(a_mistake_is_told_with_its_line)
{
    BOOST_TEST(mistake(with("")) == "");
    struct row {
        std::string text, told;
    };
    const row rows[] = {
        {"", "c:1: the text ends too early"},
        {"{\n\"profiles\": {", "c:2: the text ends too early"},
        {"{\n\n\"profiles\" {}}", "c:3: this is no JSON"},
        {"{} x", "c:1: there is more after the closing brace"},
        {"{}\n\n{}", "c:3: there is more after the closing brace"},
        {"[]", "c:1: must be an object"},
        {"{}", "c:1: there are no profiles"},
        {"{\"profiles\": {}}", "c:1: there are no profiles"},
        {"{\"profiles\": {\"a\": {},\n\"a\": {}}}", "c:2: the name \"a\" occurs twice"},
        {"{\"profiles\": {\"a\":\n1}}", "c:2: profiles.a: must be an object"},
        {with("\"client_secrt\": 1"),
         "c:4: profiles.p: unknown name \"client_secrt\"; did you mean \"client_secret\"?"},
        {with("\"zzzzzzzz\": 1"), "c:4: profiles.p: unknown name \"zzzzzzzz\""},
        {with("\"scope\": 1"), "c:4: profiles.p: scope must be a text in quotes"},
        {with("\"scope\": \"\""), "c:4: profiles.p: scope is empty"},
        {with("\"dpop\": \"yes\""), "c:4: profiles.p: dpop must be true or false"},
        {with("\"origins\": \"https://x\""), "c:4: profiles.p: origins must be a list"},
        {with("\"grant\": \"password\""), "c:4: profiles.p: grant is none of refresh_token, client_credentials"},
        {with("\"grant\": \"client_credentials\""), "c:1: profiles.p: has the grant client_credentials, which needs"},
        {with("\"client_authentication\": \"tls_client_auth\""),
         "c:1: profiles.p: has no tls.certificate_chain_file, which its client_authentication needs"},
        {with("\"grant\": \"jwt_bearer\""), "c:1: profiles.p: \"grant\": \"jwt_bearer\" and jwt_bearer go together"},
        {with("\"jwt_bearer\": {}"), "c:4: profiles.p: \"grant\": \"jwt_bearer\" and jwt_bearer go together"},
        {with("\"grant\": \"jwt_bearer\",\n\"jwt_bearer\": {}"), "c:5: profiles.p.jwt_bearer: needs a key_file"},
        {with("\"grant\": \"token_exchange\",\n\"token_exchange\": {\"audience\": \"a\"}"),
         "c:5: profiles.p.token_exchange: needs a subject"},
        {with("\"grant\": \"token_exchange\",\n\"token_exchange\": {\"subject\": \"p\"}"),
         "c:1: profiles.p.token_exchange: subject is no other profile"},
        {with("\"client_secret\": \"s3cret\""), "c:4: profiles.p.client_secret: a secret does not stand here"},
        {with("\"client_secret\": {}"), "c:4: profiles.p.client_secret: names no file"},
        {with("\"client_secret\": {\"file\": \"a\", \"env\": \"b\"}"),
         "c:4: profiles.p.client_secret: is given in two ways"},
        {with("\"client_secret\": {\"path\": \"a\"}"), "c:4: profiles.p.client_secret: unknown name \"path\""},
        {with("\"client_secret\": {\"file\": \"a\"}"), "c:1: profiles.p: has a client_secret that is not used"},
        {with("\"client_authentication\": \"client_secret_post\""), "c:1: profiles.p: has no client_secret"},
        {with("\"client_authentication\": \"private_key_jwt\""), "c:1: profiles.p: has no private_key_file"},
        {with("\"tls\": {\"private_key_file\": \"k\"}"), "c:4: profiles.p.tls: certificate_chain_file and"},
        {"{\"profiles\": {\"p\": {\"client_id\": \"c\"}}}", "c:1: profiles.p: has neither issuer nor token_endpoint"},
        {"{\"profiles\": {\"p\": {\"issuer\": \"i\"}}}", "c:1: profiles.p: has no client_id"},
    };
    for (const row& r : rows)
        BOOST_TEST(mistake(r.text).starts_with(r.told), mistake(r.text) << " instead of " << r.told);
    BOOST_TEST(mistake(with("\"client_secret\": \"s3cret\"")).find("s3cret") == std::string::npos);
}

// Whatever is cut off or changed: a message, never a crash, and never a profile that was not meant.
BOOST_AUTO_TEST_CASE(no_text_does_harm)
{
    const std::string good =
        with("\"client_authentication\": \"client_secret_post\",\n\"client_secret\": {\"env\": \"X\"}");
    BOOST_TEST(mistake(good) == "");
    for (std::size_t n = 0; n < good.size(); ++n) BOOST_TEST(mistake(good.substr(0, n)).starts_with("c:"), n);
    for (std::size_t n = 0; n < good.size(); ++n) {
        std::string changed = good;
        changed[n] = '\x01';
        BOOST_TEST(mistake(changed).starts_with("c:"), n);
    }
    BOOST_TEST(mistake(std::string(1000, '[')).starts_with("c:1:"));
}

BOOST_AUTO_TEST_CASE(a_gateway_is_read)
{
    const auto with_gateway = [](const std::string& members) {
        return R"({"profiles": {"p": {"issuer": "https://as.example.com", "client_id": "c"}}, "gateway": {)" + members +
               "}}";
    };
    const gateway_settings g =
        parse_configuration(with_gateway(R"("status": "127.0.0.1:9090", "tokens": "systemd:tokens",
"allow_users": ["www-data", "1000"], "hosts": ["api.example.com"], "threads": 4, "log": "json", "log_requests": "all",
"routes": [{"listen": "unix:/run/a.sock", "target": "https://api.example.com", "body_limit": 10, "connections": 5,
            "timeout": 0, "web_origins": ["https://app.example.com"]}])"),
                            "c")
            .gateway;
    BOOST_TEST(g.threads == 4u);
    BOOST_TEST(g.log == "json");
    BOOST_TEST(g.allow_users.size() == 2u);
    BOOST_TEST(g.hosts.at(0) == "api.example.com");
    BOOST_TEST(g.tokens == "systemd:tokens");
    BOOST_TEST(g.routes.at(0).profile == "p");
    BOOST_TEST((g.routes.at(0).log == request_log::all));
    BOOST_TEST(g.routes.at(0).connections == 5u);
    BOOST_TEST(g.routes.at(0).web_origins.at(0) == "https://app.example.com");
    BOOST_TEST(g.routes.at(0).timeout == 0u);
    BOOST_TEST(mistake(with_gateway(R"("tokens": "unix:/t")")) == ""); // tokens alone are something
    struct row {
        std::string members, told;
    };
    const row rows[] = {
        {"", "has no routes"},
        {R"("routes": {})", "routes must be a list"},
        {R"("tokens": "127.0.0.1:80")", "tokens must be a UNIX socket"},
        {R"("tokens": "unix:/t", "threads": 0)", "threads must be a whole number from 1 to 256"},
        {R"("tokens": "unix:/t", "threads": 1.5)", "threads must be a whole number"},
        {R"("tokens": "unix:/t", "log": "xml")", "log is none of text, json"},
        {R"("tokens": "unix:/t", "log_requests": "some")", "log_requests is none of none, failed, all"},
        {R"("tokens": "unix:/t", "alow_users": [])", "did you mean \"allow_users\"?"},
        {R"("tokens": "unix:/t", "hosts": ["https://api.example.com"])", "hosts are names such as"},
    };
    for (const row& r : rows)
        BOOST_TEST(mistake(with_gateway(r.members)).find(r.told) != std::string::npos,
                   mistake(with_gateway(r.members)));
}

BOOST_AUTO_TEST_CASE(the_schema_knows_what_the_program_knows)
{
    std::ifstream in(AFRESH_SCHEMA);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    const auto schema = boost::json::parse(text).as_object();
    const auto& properties = schema.at("$defs").as_object().at("profile").as_object().at("properties").as_object();
    BOOST_TEST(properties.size() == 19u);
    for (const auto& p : properties) { // each is known: it is its value that is wrong
        const std::string name(p.key());
        const std::string told = mistake("{\"profiles\": {\"p\": {\"" + name + "\": null}}}");
        BOOST_TEST(told.find("unknown name") == std::string::npos, told);
        BOOST_TEST(told.find(name) != std::string::npos, told);
    }
    for (const auto& p : schema.at("properties").as_object().at("gateway").as_object().at("properties").as_object()) {
        const std::string told =
            mistake("{\"profiles\": {\"p\": {\"issuer\": \"i\", \"client_id\": \"c\"}}, \"gateway\": {\"" +
                    std::string(p.key()) + "\": null}}");
        BOOST_TEST(told.find("unknown name") == std::string::npos, told);
    }
}

BOOST_AUTO_TEST_CASE(a_secret_is_read_where_it_is)
{
    const test::temp_directory directory;
    const std::string file = directory / "secret";
    std::ofstream(file) << "s3cret\n\n";
    secret_place p;
    BOOST_TEST(read_secret(p).empty());
    p.type = secret_place::kind::file;
    p.name = file;
    BOOST_TEST(read_secret(p).reveal() == "s3cret");
    p.type = secret_place::kind::credential;
    p.name = "secret";
    ::unsetenv("CREDENTIALS_DIRECTORY");
    BOOST_CHECK_THROW(read_secret(p), std::runtime_error);
    ::setenv("CREDENTIALS_DIRECTORY", file.substr(0, file.rfind('/')).c_str(), 1);
    BOOST_TEST(read_secret(p).reveal() == "s3cret");
    p.type = secret_place::kind::environment;
    p.name = "AFRESH_TEST_SECRET";
    BOOST_CHECK_THROW(read_secret(p), std::runtime_error);
    ::setenv("AFRESH_TEST_SECRET", "of the environment", 1);
    BOOST_TEST(read_secret(p).reveal() == "of the environment");
    p.type = secret_place::kind::command;
    p.command = {"printf", "%s\n", "a b"};
    BOOST_TEST(read_secret(p).reveal() == "a b");
    for (const std::vector<std::string>& bad : {std::vector<std::string>{"false"},
                                                {"true"},
                                                {"/nonexistent"},
                                                {"sh", "-c", "echo no; exit 3"},
                                                {"head", "-c", "100000", "/dev/zero"}}) {
        p.command = bad;
        BOOST_CHECK_THROW(read_secret(p), std::runtime_error);
    }
    p.type = secret_place::kind::file;
    p.name = directory / "none";
    BOOST_CHECK_THROW(read_secret(p), std::runtime_error);
}
