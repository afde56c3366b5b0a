// RFC 6749 5.1, 6 and 7.1: what a success must be, and that a refresh token in one is never dropped.
#include "exchange.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;
using namespace std::literals;

namespace {

token_response with_expires_in(const std::string& value)
{
    return read(answer(200, R"({"access_token":"at","token_type":"Bearer","expires_in":)" + value + "}"));
}

// A success that is none, and carries no refresh token.
void doubtful(http_response response)
{
    const auto r = read(std::move(response));
    BOOST_TEST(r.outcome == verdict::in_doubt);
    BOOST_TEST(!r.after_5xx);
    BOOST_TEST((r.cause == errc::malformed_response));
    BOOST_TEST(r.access_token.empty());
    BOOST_TEST(r.refresh_token.empty());
}

// A success whose refresh token must be kept and whose access token must not be used.
void quarantined(http_response response, std::string_view refresh_token = "new")
{
    const std::string body = response.body();
    const auto r = read(std::move(response));
    BOOST_TEST(r.outcome == verdict::quarantined, r.outcome << " for " << body);
    BOOST_TEST((r.cause == errc::malformed_response));
    BOOST_TEST(r.refresh_token.reveal() == refresh_token);
    BOOST_TEST(r.access_token.empty());
    BOOST_TEST(r.id_token.empty());
    BOOST_TEST(!r.expires_in);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_success_that_is_no_json_object_is_in_doubt)
{
    for (const auto body :
         {"", " ", "null", "\"text\"", "[]", "42", "<html></html>", "{", "{}}", "{} {}", "{'a':1}", "{\"a\":1,}",
          "{\"a\":01}", "{\"a\":NaN}", "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", "access_token=at&token_type=bearer",
          "[{\"access_token\":\"at\",\"token_type\":\"Bearer\"}]"})
        doubtful(answer(200, body));
    doubtful(answer(204, "", ""));
}

BOOST_AUTO_TEST_CASE(a_success_without_an_access_token_is_in_doubt)
{
    for (const auto body :
         {R"({})", R"({"token_type":"Bearer"})", R"({"access_token":null,"token_type":"Bearer"})",
          R"({"access_token":"","token_type":"Bearer"})", R"({"access_token":5,"token_type":"Bearer"})",
          R"({"access_token":{"value":"at"},"token_type":"Bearer"})",
          R"({"data":{"access_token":"at","token_type":"Bearer"}})", R"({"Access_Token":"at","token_type":"Bearer"})"})
        doubtful(answer(200, body));
}

BOOST_AUTO_TEST_CASE(a_success_of_another_content_type_is_in_doubt)
{
    const std::string body = R"({"access_token":"at","token_type":"Bearer"})";
    for (const auto type :
         {"", "text/html", "text/plain", "application/jsonp", "application/json5", "application/+json", "json",
          "application/x-www-form-urlencoded", "text/json+json", "application/problem+jsonx"})
        doubtful(answer(200, body, type));
    for (const auto type : {"application/json", "Application/JSON;charset=UTF-8", "application/json ; charset=utf-8",
                            "application/vnd.example+json"})
        BOOST_TEST(read(answer(200, body, type)).outcome == verdict::ok, type);
}

BOOST_AUTO_TEST_CASE(B16_json_deeper_than_32_is_in_doubt)
{
    const auto nested = [](int depth) {
        return R"({"access_token":"at","token_type":"Bearer","x":)" + std::string(depth - 1, '[') +
               std::string(depth - 1, ']') + "}";
    };
    doubtful(answer(200, nested(33)));
    doubtful(answer(200, nested(100'000)));
    BOOST_TEST(read(answer(200, nested(32))).outcome == verdict::ok);
}

BOOST_AUTO_TEST_CASE(B16_a_member_given_twice_is_in_doubt)
{
    const std::string good = R"("access_token":"at","token_type":"Bearer","expires_in":60,"scope":"a")";
    for (const auto again :
         {R"("access_token":"at")", R"("access_token":"other")", R"("token_type":"Bearer")", R"("expires_in":61)",
          R"("expires_in":null)", R"("scope":"a")", R"("access\u005ftoken":"escaped")"})
        doubtful(answer(200, "{" + good + "," + again + "}"));
    doubtful(answer(200, "{" + good + R"(,"refresh_token":"one","refresh_token":"two"})"));
    doubtful(answer(200, "{" + good + R"(,"error":"invalid_grant","error":"invalid_grant"})"));
    // What is nested, or means nothing to us, may come as often as it likes.
    BOOST_TEST(
        read(answer(200, "{" + good + R"(,"x":{"access_token":"no"},"x":1,"x":[{"refresh_token":"no"}]})")).outcome ==
        verdict::ok);
}

BOOST_AUTO_TEST_CASE(a_refresh_token_that_is_no_string_is_in_doubt)
{
    for (const auto value : {"5", "true", "[\"new\"]", "{\"token\":\"new\"}"})
        doubtful(answer(200, R"({"access_token":"at","token_type":"Bearer","refresh_token":)"s + value + "}"));
}

BOOST_AUTO_TEST_CASE(an_unusable_access_token_is_quarantined_and_the_refresh_token_kept)
{
    const std::string refresh = R"("refresh_token":"new")";
    for (const auto rest :
         {R"()", R"(,"access_token":"at")", R"(,"access_token":"at","token_type":"mac")",
          R"(,"access_token":"at","token_type":"DPoP")", R"(,"access_token":"at","token_type":null)",
          R"(,"access_token":"at","token_type":5)", R"(,"token_type":"Bearer")",
          R"(,"access_token":null,"token_type":"Bearer")", R"(,"access_token":5,"token_type":"Bearer")",
          R"(,"access_token":"a b","token_type":"Bearer")", R"(,"access_token":"a\r\nX: y","token_type":"Bearer")",
          R"(,"access_token":"a\u0000","token_type":"Bearer")", R"(,"access_token":"é","token_type":"Bearer")",
          R"(,"access_token":"at","token_type":"Bearer","access_token":"other")",
          R"(,"access_token":"at","token_type":"Bearer","expires_in":1,"expires_in":2)",
          R"(,"access_token":"at","token_type":"Bearer","error":"invalid_grant")",
          R"(,"access_token":"at","token_type":"Bearer","refresh_token":"new")"})
        quarantined(answer(200, "{" + refresh + rest + "}"));
}

BOOST_AUTO_TEST_CASE(an_unknown_token_type_without_a_refresh_token_keeps_the_old_one)
{
    quarantined(answer(200, R"({"access_token":"at","token_type":"mac"})"), "");
    quarantined(answer(200, R"({"access_token":"at"})"), "");
    quarantined(answer(200, R"({"access_token":"a\nb","token_type":"Bearer"})"), "");
    BOOST_TEST(read(answer(200, R"({"access_token":"at","token_type":"m\nac"})")).token_type == "m?ac");
}

BOOST_AUTO_TEST_CASE(a_refresh_token_is_kept_whatever_is_wrong_around_it)
{
    const std::string good = R"("access_token":"at","token_type":"Bearer","refresh_token":"new")";
    quarantined(answer(200, "{" + good + "}", "text/html"));
    quarantined(answer(200, "{" + good + "}", ""));
    quarantined(answer(200, "{" + good + "} <!-- served in 3 ms -->"));
    quarantined(answer(200, "{" + good + R"(,"expires)"));
    quarantined(answer(200, "{" + good + R"(,"name":"Ren)" + "\xe9" + R"("})")); // ISO 8859-1
    quarantined(answer(200, "{" + good + R"(,"x":)" + std::string(40, '[') + std::string(40, ']') + "}"));
    quarantined(answer(200, "{" + good + R"(,"when":undefined})"));
    quarantined(answer(200, "{" + good + ",}"));
    // A refresh token cut short is none, and out of a ruin not every string is believed.
    doubtful(answer(200, R"({"access_token":"at","token_type":"Bearer","refresh_token":"ne)"));
    doubtful(answer(200, "{\"access_token\":\"at\",\"refresh_token\":\"n\xe9w\"}"));
}

BOOST_AUTO_TEST_CASE(no_null_or_empty_refresh_token_keeps_the_old_one)
{
    for (const auto rest : {"", R"(,"refresh_token":null)", R"(,"refresh_token":"")"}) {
        const auto r = read(answer(200, R"({"access_token":"at","token_type":"Bearer")"s + rest + "}"));
        BOOST_TEST(r.outcome == verdict::ok);
        BOOST_TEST(r.refresh_token.empty());
    }
}

BOOST_AUTO_TEST_CASE(a_lifetime_that_is_none_is_unknown)
{
    for (const auto value : {"null",     "0",         "-1",       "-9223372036854775808",
                             "-0.0",     "0.9",       "1e400",    "-1e400",
                             "true",     "false",     "\"\"",     "\"0\"",
                             "\"-5\"",   "\"soon\"",  "\"60 s\"", "\" 60\"",
                             "\"0x10\"", "\"inf\"",   "\"nan\"",  "\"1e400\"",
                             "[60]",     "{\"s\":60}"}) {
        const auto r = with_expires_in(value);
        BOOST_TEST(r.outcome == verdict::ok, value);
        BOOST_TEST(!r.expires_in.has_value(), value);
    }
    BOOST_TEST(!read(answer(200, R"({"access_token":"at","token_type":"Bearer"})")).expires_in);
}

BOOST_AUTO_TEST_CASE(a_lifetime_is_floored_and_clamped_to_ten_years)
{
    const auto seconds = [](const std::string& value) {
        return with_expires_in(value).expires_in.value_or(-1s).count();
    };
    BOOST_TEST(seconds("3600") == 3600);
    BOOST_TEST(seconds("\"3600\"") == 3600);
    BOOST_TEST(seconds("3599.99") == 3599);
    BOOST_TEST(seconds("\"3599.99\"") == 3599);
    BOOST_TEST(seconds("3.6e3") == 3600);
    BOOST_TEST(seconds("1") == 1);
    constexpr long long ten_years = 315'360'000;
    for (const auto huge :
         {"315360001", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
          "99999999999999999999", "1e300", "\"99999999999999999999\"", "\"1e300\""})
        BOOST_TEST(seconds(huge) == ten_years, huge);
}

BOOST_AUTO_TEST_CASE(an_omitted_scope_is_the_one_requested)
{
    const auto scope = [](const std::string& rest) {
        return read(answer(200, R"({"access_token":"at","token_type":"Bearer")" + rest + "}"),
                    refreshing().scope("a b"))
            .scope;
    };
    BOOST_TEST(scope("") == "a b");
    BOOST_TEST(scope(R"(,"scope":null)") == "a b");
    BOOST_TEST(scope(R"(,"scope":"")") == "a b");
    BOOST_TEST(scope(R"(,"scope":["a"])") == "a b");
    BOOST_TEST(scope(R"(,"scope":"a")") == "a");
    BOOST_TEST(scope(R"(,"scope":"a\r\nb")") == "a??b");
}

BOOST_AUTO_TEST_CASE(the_answer_of_the_plain_refresh_flow_is_read)
{
    const auto r =
        read(parse_message("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n"
                           R"({"access_token":"2YotnFZFEjr1zCsicMWpAA","token_type":"example","expires_in":3600,)"
                           R"("refresh_token":"tGzv3JOkF0XG5Qx2TlKWIA","example_parameter":"example_value"})"));
    BOOST_TEST(r.outcome == verdict::quarantined); // the RFC's example, with its token type that nobody knows
    BOOST_TEST(r.token_type == "example");

    const auto ok = read(parse_message("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
                                       R"({ "access_token": "SlAV32hkKG", "token_type": "Bearer",)"
                                       R"( "refresh_token": "8xLOxBtZp8", "expires_in": 3600 })"));
    BOOST_TEST(ok.outcome == verdict::ok);
    BOOST_TEST(!ok.cause);
    BOOST_TEST(ok.access_token.reveal() == "SlAV32hkKG");
    BOOST_TEST(ok.refresh_token.reveal() == "8xLOxBtZp8");
    BOOST_TEST(ok.token_type == "Bearer");
    BOOST_TEST((ok.expires_in == 3600s));
    diagnostics nothing_said;
    nothing_said.http_status = 200;
    BOOST_TEST((ok.said == nothing_said));
}

BOOST_AUTO_TEST_CASE(the_captured_success_of_oidc_provider_is_read)
{
    const auto r = read(
        parse_message("HTTP/1.1 200 OK\n"
                      "cache-control: no-store\n"
                      "Content-Type: application/json; charset=utf-8\n"
                      "\n"
                      R"({"access_token":"yffmkG_fEOEMxWyYg9Gua_3eGf-2jvwnIdn4D02ZIsa","expires_in":5,)"
                      R"("id_token":"eyJhbGciOiJ...","refresh_token":"I6AHUr2c2LXH0QQxB9hGDFvYfycmOPlBN1s-tDcX-DF",)"
                      R"("scope":"openid offline_access api:read","token_type":"Bearer"})"));
    BOOST_TEST(r.outcome == verdict::ok);
    BOOST_TEST(r.access_token.reveal() == "yffmkG_fEOEMxWyYg9Gua_3eGf-2jvwnIdn4D02ZIsa");
    BOOST_TEST(r.refresh_token.reveal() == "I6AHUr2c2LXH0QQxB9hGDFvYfycmOPlBN1s-tDcX-DF");
    BOOST_TEST(r.id_token.reveal() == "eyJhbGciOiJ...");
    BOOST_TEST(r.scope == "openid offline_access api:read");
    BOOST_TEST((r.expires_in == 5s));
}

BOOST_AUTO_TEST_CASE(what_servers_add_or_spell_otherwise_is_tolerated)
{
    const auto r =
        read(answer(201, "\xEF\xBB\xBF"
                         R"({"token_type":"bEARER","access_token":"a\/b\u002bc","refresh_token":"r\/\u00e9",)"
                         R"("error":null,"error_description":"","ok":true,"expires_in":"28800","scope":""})"));
    BOOST_TEST(r.outcome == verdict::ok);
    BOOST_TEST(r.token_type == "Bearer");
    BOOST_TEST(r.access_token.reveal() == "a/b+c");
    BOOST_TEST(r.refresh_token.reveal() == "r/\xc3\xa9"); // odd, and the only one there is
    BOOST_TEST((r.expires_in == 28800s));
}
