#include "core/text.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh::core;
using namespace std::literals;

namespace {

std::string form(std::string_view text)
{
    std::string out;
    append_form_encoded(out, text);
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_control_character_makes_a_field_value_unsafe)
{
    for (int c = 0; c < 32; ++c)
        if (c != '\t') BOOST_TEST(!is_field_value("a"s + static_cast<char>(c) + "b"), "character " << c);
    BOOST_TEST(!is_field_value("\x7f"));
    BOOST_TEST(!is_field_value("a\0b"sv));
    BOOST_TEST(!is_field_value("token\r\nX-Evil: 1"));
    BOOST_TEST(is_field_value(""));
    BOOST_TEST(is_field_value("a\tb \x80\xff"));
}

BOOST_AUTO_TEST_CASE(only_the_characters_of_rfc_6750_make_a_bearer_token)
{
    for (const auto bad : {"", "=", "==", "a=b", "a b", "a,b", "a\"", "a\\", "a|b", "a:b", "\x80", "a\r\n", " a", "a "})
        BOOST_TEST(!is_b64token(bad), bad);
    BOOST_TEST(!is_b64token("a\0"sv));
    for (const auto good : {"a", "a=", "a==", "2YotnFZFEjr1zCsicMWpAA", "mF_9.B5f-4.1JqM", "~+/-._09AZaz="})
        BOOST_TEST(is_b64token(good), good);
}

BOOST_AUTO_TEST_CASE(only_the_characters_of_rfc_9110_make_a_field_name)
{
    for (const auto bad : {"", "a b", "a:", "a\"", "a(b)", "a/b", "\x80", "a\t"}) BOOST_TEST(!is_http_token(bad), bad);
    BOOST_TEST(is_http_token("WWW-Authenticate"));
    BOOST_TEST(is_http_token("!#$%&'*+-.^_`|~09azAZ"));
}

BOOST_AUTO_TEST_CASE(a_scope_is_tokens_separated_by_single_spaces)
{
    for (const auto bad : {"", " ", "a ", " a", "a  b", "a\tb", "a\"b", "a\\b", "\x7f", "\xc3\xa9", "a\nb"})
        BOOST_TEST(!is_scope(bad), bad);
    for (const auto good : {"a", "a b", "openid offline_access api:read", "!#[]^~"}) BOOST_TEST(is_scope(good), good);
}

BOOST_AUTO_TEST_CASE(a_vschar_is_printable_ascii)
{
    for (const auto bad : {"a\n", "\x1f", "\x7f", "\xc3\xa9"}) BOOST_TEST(!is_vschar(bad));
    BOOST_TEST(!is_vschar("\0"sv));
    BOOST_TEST(is_vschar("")); // *VSCHAR
    BOOST_TEST(is_vschar(" !\"\\~"));
}

BOOST_AUTO_TEST_CASE(server_text_is_reduced_to_what_the_rfc_allows_and_cut)
{
    BOOST_TEST(printable("a\r\nInjected: \x1b[31m", 256) == "a??Injected: ?[31m");
    BOOST_TEST(printable("say \"no\" \\ \x7f", 256) == "say ?no? ? ?");
    BOOST_TEST(printable("\xc3\xa9", 256) == "??");
    BOOST_TEST(printable("12345", 3) == "123");
    BOOST_TEST(printable("12345", 0) == "");
    BOOST_TEST(printable("\0x"sv, 5) == "?x");
}

BOOST_AUTO_TEST_CASE(the_example_of_rfc_6749_appendix_b_is_form_encoded)
{
    BOOST_TEST(form(" %&+\xc2\xa3\xe2\x82\xac") == "+%25%26%2B%C2%A3%E2%82%AC");
    BOOST_TEST(form("azAZ09*-._") == "azAZ09*-._");
    BOOST_TEST(form("~=?/:#\"\r\n\xff") == "%7E%3D%3F%2F%3A%23%22%0D%0A%FF");
    BOOST_TEST(form("\0"sv) == "%00");
    BOOST_TEST(form("") == "");
}

BOOST_AUTO_TEST_CASE(base64_gives_the_vectors_of_rfc_4648)
{
    BOOST_TEST(base64("") == "");
    BOOST_TEST(base64("f") == "Zg==");
    BOOST_TEST(base64("fo") == "Zm8=");
    BOOST_TEST(base64("foo") == "Zm9v");
    BOOST_TEST(base64("foob") == "Zm9vYg==");
    BOOST_TEST(base64("fooba") == "Zm9vYmE=");
    BOOST_TEST(base64("foobar") == "Zm9vYmFy");
    BOOST_TEST(base64("\0\xff\xfe"sv) == "AP/+");
}

BOOST_AUTO_TEST_CASE(names_compare_without_regard_to_ascii_case_only)
{
    BOOST_TEST(!iequals("a", "ab"));
    BOOST_TEST(!iequals("", "a"));
    BOOST_TEST(!iequals("[", "{")); // 0x20 apart, and no letters
    BOOST_TEST(!iequals("\xc0", "\xe0"));
    BOOST_TEST(iequals("", ""));
    BOOST_TEST(iequals("Content-TYPE", "cONTENT-type"));
}
