// RFC 9110 11.6.1 (WWW-Authenticate), RFC 6750 3 (Bearer), RFC 9449 7 and 9 (DPoP).
#include "core/challenge.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>

using namespace afresh;
using core::challenge_action;
using core::classify_challenge;
using core::parse_challenges;
using namespace std::literals;

namespace afresh::core {

inline std::ostream& operator<<(std::ostream& out, challenge_action a)
{
    return out << (a == challenge_action::renew ? "renew" : a == challenge_action::none ? "none" : "prove_again");
}

} // namespace afresh::core

namespace {

http_fields fields(std::initializer_list<std::string_view> values)
{
    http_fields f;
    for (const auto v : values) f.add("WWW-Authenticate", std::string(v));
    return f;
}

// "scheme/token68{name=value|...}" for each challenge
std::string parsed(std::initializer_list<std::string_view> values)
{
    std::string out;
    for (const auto& c : parse_challenges(fields(values))) {
        if (!out.empty()) out += ' ';
        out += c.scheme;
        if (!c.token68.empty()) out += '/' + c.token68;
        out += '{';
        for (const auto& [name, value] : c.parameters) out += name + '=' + value + '|';
        out += '}';
    }
    return out;
}

challenge_action asked(std::string_view value) { return classify_challenge(401, fields({value})); }

} // namespace

BOOST_AUTO_TEST_CASE(malformed_parts_are_skipped_and_the_rest_is_read)
{
    BOOST_TEST(parsed({""}) == "");
    BOOST_TEST(parsed({" , ,, "}) == "");
    BOOST_TEST(parsed({"@@@, Bearer realm=\"x\""}) == "Bearer{realm=x|}");
    BOOST_TEST(parsed({"realm=\"nobody's\""}) == "");
    BOOST_TEST(parsed({"Bearer realm="}) == "Bearer/realm={}"); // a token68, by the grammar
    BOOST_TEST(parsed({"Bearer realm=, error=invalid_token"}) == "Bearer{error=invalid_token|}");
    BOOST_TEST(parsed({"Bearer realm=\"open, error=\"x\""}) == "Bearer{}");
    BOOST_TEST(parsed({"Bearer realm=\"open\\"}) == "Bearer{}");
    BOOST_TEST(parsed({"Bearer =x, Basic realm=y"}) == "Basic{realm=y|}");
    BOOST_TEST(parsed({"Bearer realm=\"a\" error=\"b\", scope=\"c\""}) == "Bearer{scope=c|}"); // no comma between two
    BOOST_TEST(parsed({"Negotiate abc def, Basic realm=x"}) == "Basic{realm=x|}");
    BOOST_TEST(parsed({"Bea@rer realm=x, error=y"}) == "");
    BOOST_TEST(parsed({"Bearer error=\"a\x01\", scope=b"}) == "Bearer{scope=b|}");
    // A quote inside a quote, as some servers write it: the error before it counts.
    BOOST_TEST(
        parsed({R"(Bearer error="invalid_token", error_description="The token "abc" is, well, old", scope="s")"}) ==
        "Bearer{error=invalid_token|scope=s|}");
}

BOOST_AUTO_TEST_CASE(a_scheme_may_stand_alone_or_carry_a_token68)
{
    BOOST_TEST(parsed({"Bearer"}) == "Bearer{}");
    BOOST_TEST(parsed({"Negotiate, NTLM"}) == "Negotiate{} NTLM{}");
    BOOST_TEST(parsed({"Negotiate a87421000492aa874209af8bc028=="}) == "Negotiate/a87421000492aa874209af8bc028=={}");
    BOOST_TEST(parsed({"Negotiate abc= , Bearer realm=x"}) == "Negotiate/abc={} Bearer{realm=x|}");
    BOOST_TEST(parsed({"Bearer\t realm=x"}) == "Bearer{realm=x|}");
}

BOOST_AUTO_TEST_CASE(the_example_of_rfc_9110_is_two_challenges)
{
    BOOST_TEST(parsed({R"(Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"")"}) ==
               "Basic{realm=simple|} Newauth{realm=apps|type=1|title=Login to \"apps\"|}");
}

BOOST_AUTO_TEST_CASE(commas_equals_signs_and_schemes_inside_quotes_are_text)
{
    BOOST_TEST(parsed({R"(Digest realm="a, Bearer error=\"invalid_token\"", qop="auth,auth-int", x="")"}) ==
               "Digest{realm=a, Bearer error=\"invalid_token\"|qop=auth,auth-int|x=|}");
    BOOST_TEST(parsed({"Bearer REALM = \"x\" , Error\t=\tinvalid_token"}) == "Bearer{realm=x|error=invalid_token|}");
}

BOOST_AUTO_TEST_CASE(several_fields_are_one_list)
{
    BOOST_TEST(parsed({R"(Bearer realm="http://127.0.0.1:33981")",
                       R"(DPoP realm="http://127.0.0.1:33981", algs="ES256 EdDSA")"}) ==
               "Bearer{realm=http://127.0.0.1:33981|} DPoP{realm=http://127.0.0.1:33981|algs=ES256 EdDSA|}");
    BOOST_TEST(parsed({"Basic realm=x", "error=y"}) ==
               "Basic{realm=x|}"); // a challenge does not reach into the next field
}

BOOST_AUTO_TEST_CASE(parameters_are_found_in_any_case)
{
    const auto all = parse_challenges(fields({"Bearer Error=\"invalid_token\""}));
    BOOST_REQUIRE(all.size() == 1u);
    BOOST_REQUIRE(all[0].find("ERROR"));
    BOOST_TEST(*all[0].find("error") == "invalid_token");
    BOOST_TEST(!all[0].find("scope"));
}

BOOST_AUTO_TEST_CASE(a_status_other_than_401_asks_for_nothing)
{
    const auto f = fields({R"(Bearer error="invalid_token")"});
    for (const unsigned status : {200u, 400u, 403u, 407u, 500u})
        BOOST_TEST(classify_challenge(status, f) == challenge_action::none);
    BOOST_TEST(classify_challenge(403, fields({R"(Bearer error="insufficient_scope")"})) == challenge_action::none);
    BOOST_TEST(classify_challenge(200, {}) == challenge_action::none);
}

BOOST_AUTO_TEST_CASE(a_refresh_would_not_help_against_these)
{
    for (const auto value :
         {R"(Bearer error="insufficient_scope", scope="admin")", R"(Bearer error="invalid_request")",
          R"(Basic realm="x")", R"(Negotiate)", R"(Digest realm="a, Bearer error=\"invalid_token\"")",
          R"(Bearer error="INVALID_TOKEN")", R"(Bearer error="insufficient_user_authentication", max_age="5")",
          R"(Bearer error="insufficient_scope", DPoP algs="ES256")", R"(Basic error="invalid_token")",
          R"(Bearer error="")"})
        BOOST_TEST(asked(value) == challenge_action::none, value);
}

BOOST_AUTO_TEST_CASE(a_401_without_a_reason_or_with_invalid_token_asks_for_a_new_token)
{
    BOOST_TEST(classify_challenge(401, {}) == challenge_action::renew);
    for (const auto value : {"", "???", "Bearer", "bearer realm=\"example\"",
                             R"(Bearer realm="example", error="invalid_token", error_description="expired")",
                             "Bearer error=invalid_token", R"(Basic realm="x", Bearer)",
                             R"(Bearer realm="a", DPoP algs="ES256")", R"(DPoP error="invalid_token", algs="ES256")",
                             R"(Bearer error="insufficient_scope", DPoP error="invalid_token")"})
        BOOST_TEST(asked(value) == challenge_action::renew, value);
}

BOOST_AUTO_TEST_CASE(the_captured_challenges_of_oidc_provider_are_classified)
{
    BOOST_TEST(
        asked(
            R"(Bearer realm="http://127.0.0.1:33981", error="invalid_token", error_description="invalid token provided")") ==
        challenge_action::renew);
    BOOST_TEST(classify_challenge(401, fields({R"(Bearer realm="http://127.0.0.1:33981")",
                                               R"(DPoP realm="http://127.0.0.1:33981", algs="ES256 EdDSA")"})) ==
               challenge_action::renew);
    BOOST_TEST(asked(R"(DPoP realm="http://127.0.0.1:36041", error="use_dpop_nonce", )"
                     R"(error_description="nonce is required in the DPoP proof", algs="ES256 EdDSA")") ==
               challenge_action::prove_again);
}
