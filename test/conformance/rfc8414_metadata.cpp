// RFC 8414 and OpenID Connect Discovery, and FAULTS B8: what a server says of itself is used only if it keeps every rule.

#include "core/metadata.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;

namespace {

const std::string issuer = "https://server.example.com";

std::string document(std::string_view more = "")
{
    return R"({"issuer":"https://server.example.com","authorization_endpoint":"https://server.example.com/authorize",)"
           R"("token_endpoint":"https://server.example.com/token","jwks_uri":"https://keys.example.com/jwks",)"
           R"("code_challenge_methods_supported":["S256"])" +
           std::string(more) + "}";
}

core::metadata_reading read(const std::string& json, const core::metadata_rules& rules = {},
                            const std::string& from = issuer)
{
    return core::read_metadata(json, from, rules);
}

} // namespace

BOOST_AUTO_TEST_CASE(B8_hostile_metadata_is_not_used_at_all)
{
    const std::pair<const char*, std::string> table[] = {
        {"nothing", ""},
        {"no object", "[]"},
        {"HTML", "<html>"},
        {"cut short", document().substr(0, 100)},
        {"something behind it", document() + "x"},
        {"no issuer", R"({"token_endpoint":"https://server.example.com/token"})"},
        {"another issuer", R"({"issuer":"https://evil.example.com"})"},
        {"an issuer with a slash more", R"({"issuer":"https://server.example.com/"})"},
        {"an issuer in capitals", R"({"issuer":"https://SERVER.example.com"})"},
        {"an issuer with its port", R"({"issuer":"https://server.example.com:443"})"},
        {"two issuers", R"({"issuer":"https://evil.example.com","issuer":"https://server.example.com"})"},
        {"a member twice, deep inside", document(R"(,"x":{"y":1,"y":2})")},
        {"an endpoint over http", document(R"(,"userinfo_endpoint":"http://server.example.com/me")")},
        {"an endpoint on this machine", document(R"(,"userinfo_endpoint":"http://127.0.0.1/me")")},
        {"an endpoint with a user", document(R"(,"userinfo_endpoint":"https://u@server.example.com/me")")},
        {"an endpoint with a fragment", document(R"(,"userinfo_endpoint":"https://server.example.com/me#x")")},
        {"an endpoint that is no text", document(R"(,"userinfo_endpoint":7)")},
        {"an endpoint that is a file", document(R"(,"userinfo_endpoint":"file:///etc/passwd")")},
        {"a list that is none", document(R"(,"scopes_supported":"openid")")},
        {"a list with a number", document(R"(,"scopes_supported":["openid",1])")},
        {"an alias over http", document(R"(,"mtls_endpoint_aliases":{"token_endpoint":"http://server.example.com/"})")},
        {"aliases that are a list", document(R"(,"mtls_endpoint_aliases":[])")},
        {"plain challenges only",
         R"({"issuer":"https://server.example.com","code_challenge_methods_supported":["plain"]})"},
        {"an infinite number", document(R"(,"x":1e400)")},
    };
    for (const auto& [what, json] : table) {
        const auto got = read(json);
        BOOST_TEST((got.fault.code == errc::invalid_metadata), what);
        BOOST_TEST(!got.fault.text.empty(), what);
        BOOST_TEST(got.value.issuer.empty(), what);
        BOOST_TEST(got.value.token_endpoint.empty(), what);
    }
    std::string deep = document();
    deep.insert(deep.size() - 1, R"(,"x":)" + std::string(40, '[') + std::string(40, ']'));
    BOOST_TEST((read(deep).fault.code == errc::invalid_metadata));
}

BOOST_AUTO_TEST_CASE(B8_private_addresses_can_be_refused)
{
    core::metadata_rules strict;
    strict.refuse_private_addresses = true;
    for (const auto host : {"10.0.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.1.1",
                            "0.0.0.0", "100.64.0.1", "224.0.0.1", "[::1]", "[::]", "[fe80::1]", "[fd00::1]",
                            "[::ffff:10.0.0.1]", "localhost", "a.localhost"}) {
        const auto json = document(R"(,"userinfo_endpoint":"https://)" + std::string(host) + R"(/me")");
        BOOST_TEST((read(json, strict).fault.code == errc::invalid_metadata), host);
        BOOST_TEST(!read(json).fault, host);
    }
    for (const auto host : {"11.0.0.1", "172.32.0.1", "[2001:db8::1]", "server.example.com"})
        BOOST_TEST(!read(document(R"(,"userinfo_endpoint":"https://)" + std::string(host) + R"(/me")"), strict).fault,
                   host);
    // Unless the issuer is one itself.
    const std::string json = R"({"issuer":"https://10.0.0.1","token_endpoint":"https://10.0.0.2/token"})";
    BOOST_TEST(!read(json, strict, "https://10.0.0.1").fault);
}

BOOST_AUTO_TEST_CASE(an_issuer_is_an_https_url_without_query_and_fragment)
{
    for (const auto bad : {"", "server.example.com", "https://", "https://server.example.com?x", "https://a#b",
                           "https://u:p@server.example.com", "ftp://server.example.com"})
        BOOST_TEST((core::check_issuer(bad, {}).code == errc::invalid_argument), bad);
    BOOST_TEST((core::check_issuer("http://server.example.com", {}).code == errc::insecure_url));
    BOOST_TEST(!core::check_issuer("http://127.0.0.1:8080", {}));
    BOOST_TEST(!core::check_issuer(issuer, {}));
}

BOOST_AUTO_TEST_CASE(where_to_ask)
{
    using list = std::vector<std::string>;
    BOOST_TEST((core::metadata_urls("https://example.com") ==
                list{"https://example.com/.well-known/openid-configuration",
                     "https://example.com/.well-known/oauth-authorization-server"}));
    // RFC 8414 3.1 inserts, OpenID Connect Discovery 4.1 appends.
    BOOST_TEST((core::metadata_urls("https://example.com/issuer1/") ==
                list{"https://example.com/issuer1/.well-known/openid-configuration",
                     "https://example.com/.well-known/oauth-authorization-server/issuer1"}));
}

BOOST_AUTO_TEST_CASE(good_metadata_is_read_and_what_is_not_known_is_passed_over)
{
    const auto got =
        read(document(R"(,"authorization_response_iss_parameter_supported":true,"scopes_supported":["openid"],)"
                      R"("require_pushed_authorization_requests":"true","userinfo_endpoint":null,"other":{"a":[1]},)"
                      R"("mtls_endpoint_aliases":{"token_endpoint":"https://mtls.example.com/token"})"));
    BOOST_TEST(!got.fault, got.fault.text);
    BOOST_TEST(got.value.token_endpoint == "https://server.example.com/token");
    BOOST_TEST(got.value.jwks_uri == "https://keys.example.com/jwks");
    BOOST_TEST(got.value.authorization_response_iss_parameter_supported);
    BOOST_TEST(!got.value.require_pushed_authorization_requests); // a text is not true
    BOOST_TEST(got.value.userinfo_endpoint.empty());
    BOOST_TEST(got.value.with_mtls_aliases().token_endpoint == "https://mtls.example.com/token");
    BOOST_TEST(got.value.with_mtls_aliases().jwks_uri == got.value.jwks_uri);
}
