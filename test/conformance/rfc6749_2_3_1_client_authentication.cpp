// RFC 6749 2.3.1 (client authentication), 3.2 (token endpoint), 4.4.2 and 6 (the requests), appendices A and B.
#include "core/token_request.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using core::check;
using core::make_token_request;
using namespace std::literals;

namespace {

const std::string endpoint = "https://server.example.com/token";

client_registration basic(std::string id, secret_string secret)
{
    return client_registration(endpoint, std::move(id)).client_secret_basic(std::move(secret));
}
grant refreshing() { return grant::refresh_token("initial"); }

// The fault must name its field and must not quote a value.
void refused(const core::config_fault& fault, std::string_view field, errc expected = errc::invalid_argument)
{
    BOOST_TEST((fault.code == expected), "expected a complaint about " << field);
    BOOST_TEST(fault.text.starts_with(std::string(field) + ": "),
               "'" << fault.text << "' does not begin with " << field);
    BOOST_TEST(fault.text.find("hunter2") == std::string::npos, fault.text);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_token_endpoint_that_is_not_an_absolute_https_url_is_refused)
{
    for (const auto bad : {"", "server.example.com/token", "/token", "ftp://server.example.com/token", "https://",
                           "https://user:hunter2@server.example.com/token", "https://server.example.com/token#fragment",
                           "https://server.example.com/token#", "https://server.example.com/to ken", "https://a/\r\n"})
        refused(check(client_registration(bad, "id")), "token_endpoint");
}

BOOST_AUTO_TEST_CASE(plain_http_is_refused_but_on_loopback_or_by_the_ugly_name)
{
    const client_registration plain("http://server.example.com/token", "id");
    refused(check(plain), "token_endpoint", errc::insecure_url);
    refused(check(client_registration("http://127.evil.example/token", "id")), "token_endpoint", errc::insecure_url);
    BOOST_TEST(!check(client_registration(plain).allow_plain_http_for_tests()));
    for (const auto local : {"http://localhost:8080/token", "http://127.0.0.1/token", "http://[::1]:1/token"})
        BOOST_TEST(!check(client_registration(local, "id")), local);
}

BOOST_AUTO_TEST_CASE(a_client_id_or_secret_outside_appendix_a_is_refused)
{
    refused(check(client_registration(endpoint, "")), "client_id");
    refused(check(client_registration(endpoint, "id\n")), "client_id");
    refused(check(client_registration(endpoint, "id\0"s)), "client_id");
    refused(check(client_registration(endpoint, "id\x7f")), "client_id");
    refused(check(client_registration(endpoint, "id\xc3\xa9")), "client_id");
    refused(check(basic("id", "hunter2\n")), "client_secret");
    refused(check(basic("id", "hunter2\xc3\xa9")), "client_secret");
    refused(check(basic("id", "")), "client_secret");
    refused(check(client_registration(endpoint, "id").client_secret_post("")), "client_secret");
    refused(check(client_registration(endpoint, "id").client_secret_basic_raw("")), "client_secret");
    refused(check(client_registration(endpoint, "a:b").client_secret_basic_raw("hunter2")), "client_id");
    BOOST_TEST(!check(basic("a:b", "hunter2"))); // form-encoding takes care of it
}

BOOST_AUTO_TEST_CASE(only_a_client_error_can_be_named_as_a_refused_status)
{
    for (const unsigned bad : {0u, 200u, 302u, 399u, 429u, 500u, 503u})
        refused(check(client_registration(endpoint, "id").refused_status(bad)), "refused_status");
    BOOST_TEST(!check(client_registration(endpoint, "id").refused_status(401).refused_status(403)));
}

BOOST_AUTO_TEST_CASE(a_scope_or_initial_token_outside_appendix_a_is_refused)
{
    for (const auto bad : {" ", "a  b", "a\"b", "a\\b", "a\nb", "\xc3\xa9"})
        refused(check(refreshing().scope(bad)), "scope");
    refused(check(grant::refresh_token("hunter2\n")), "refresh_token");
    BOOST_TEST(!check(refreshing().scope("openid offline_access")));
    BOOST_TEST(!check(grant::refresh_token(""))); // the store may hold one
}

BOOST_AUTO_TEST_CASE(an_extra_parameter_may_add_and_never_override)
{
    for (const auto own :
         {"grant_type", "refresh_token", "client_id", "client_secret", "scope", "resource", "client_assertion",
          "client_assertion_type", "code", "redirect_uri", "code_verifier", "device_code", "Scope", "CLIENT_ID"})
        refused(check(refreshing().parameter(own, "hunter2")), "parameter");
    for (const auto bad : {"", "a b", "a=b", "a&b", "a\n", "\xc3\xa9"})
        refused(check(refreshing().parameter(bad, "hunter2")), "parameter");
    refused(check(refreshing().parameter("audience", "hunter2").parameter("audience", "b")), "parameter");
    BOOST_TEST(!check(refreshing().parameter("audience", "https://api.example.com").parameter("x-y.z_1", "")));
}

BOOST_AUTO_TEST_CASE(client_credentials_without_client_authentication_are_refused)
{
    refused(check(client_registration(endpoint, "id"), grant::client_credentials()), "client_secret");
    BOOST_TEST(!check(basic("id", "secret"), grant::client_credentials()));
    BOOST_TEST(!check(client_registration(endpoint, "id"), refreshing()));
    refused(check(client_registration("", "id"), refreshing()), "token_endpoint");
    refused(check(basic("id", "secret"), refreshing().scope(" ")), "scope");
}

BOOST_AUTO_TEST_CASE(a_basic_refresh_is_the_example_of_section_6)
{
    const auto r = make_token_request(basic("s6BhdRkqt3", "gX1fBat3bV"), refreshing(), "tGzv3JOkF0XG5Qx2TlKWIA");
    BOOST_TEST(r.method() == "POST");
    BOOST_TEST(r.url() == endpoint);
    BOOST_TEST(r.fields().find("Authorization") == "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    BOOST_TEST(r.fields().find("Content-Type") == "application/x-www-form-urlencoded");
    BOOST_TEST(r.fields().find("Accept") == "application/json");
    BOOST_TEST(r.fields().size() == 3u);
    BOOST_TEST(r.body() == "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA"); // and no initial token
}

BOOST_AUTO_TEST_CASE(basic_form_encodes_id_and_secret_before_base64)
{
    const auto r = make_token_request(basic("odd:id with+space", "a+b c%d"), refreshing(), "rt");
    // odd%3Aid+with%2Bspace:a%2Bb+c%25d
    BOOST_TEST(r.fields().find("Authorization") == "Basic b2RkJTNBaWQrd2l0aCUyQnNwYWNlOmElMkJiK2MlMjVk");
}

BOOST_AUTO_TEST_CASE(raw_basic_does_not_form_encode)
{
    // The captured request "odd id/secret: raw" of a server that decodes, and so refuses it.
    const auto c = client_registration(endpoint, "odd:id with/space").client_secret_basic_raw("a+b c%d:e&f=g/h?~");
    const auto r = make_token_request(c, refreshing(), "rt");
    BOOST_TEST(r.fields().find("Authorization") == "Basic b2RkOmlkIHdpdGgvc3BhY2U6YStiIGMlZDplJmY9Zy9oP34=");
}

BOOST_AUTO_TEST_CASE(post_puts_id_and_secret_into_the_body_and_nowhere_else)
{
    const auto c = client_registration(endpoint, "s6BhdRkqt3").client_secret_post("7Fjfp0ZBr1KtDRbnfVdmIw&x=y");
    const auto r = make_token_request(c, refreshing(), "tGzv3JOkF0XG5Qx2TlKWIA");
    BOOST_TEST(r.body() == "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA"
                           "&client_id=s6BhdRkqt3&client_secret=7Fjfp0ZBr1KtDRbnfVdmIw%26x%3Dy");
    BOOST_TEST(!r.fields().contains("Authorization"));
    BOOST_TEST(r.url() == endpoint);
}

BOOST_AUTO_TEST_CASE(a_public_client_names_itself_in_the_body)
{
    const auto r = make_token_request(client_registration(endpoint, "app 1"), refreshing(), "rt");
    BOOST_TEST(r.body() == "grant_type=refresh_token&refresh_token=rt&client_id=app+1");
    BOOST_TEST(!r.fields().contains("Authorization"));
}

BOOST_AUTO_TEST_CASE(client_credentials_send_no_refresh_token)
{
    const auto r = make_token_request(basic("id", "secret"), grant::client_credentials().scope("a b"), "rt");
    BOOST_TEST(r.body() == "grant_type=client_credentials&scope=a+b");
}

BOOST_AUTO_TEST_CASE(scope_resource_and_extra_parameters_are_sent_only_when_set)
{
    const auto g =
        refreshing().scope("openid api:read").parameter("audience", "x&grant_type=password").parameter("n", "");
    const auto r = make_token_request(basic("id", "secret"), g, "a+b/c=");
    BOOST_TEST(r.body() == "grant_type=refresh_token&refresh_token=a%2Bb%2Fc%3D&scope=openid+api%3Aread"
                           "&audience=x%26grant_type%3Dpassword&n=");
}

BOOST_AUTO_TEST_CASE(nothing_in_a_token_can_break_out_of_the_request)
{
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    const auto r = make_token_request(basic("id", "secret"), refreshing(), all);
    const std::string prefix = "grant_type=refresh_token&refresh_token=";
    BOOST_REQUIRE(r.body().starts_with(prefix));
    BOOST_TEST(r.body().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-._%+",
                                          prefix.size()) == std::string::npos);
}
