#include "core/secret_mask.hpp"

#include "core/text.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>

namespace {

using afresh::core::base64;
using afresh::core::secret_mask;

std::string masked(std::string_view text, std::initializer_list<std::string_view> secrets)
{
    secret_mask mask;
    for (const auto s : secrets) mask.add(s);
    return mask(text, text.size() + 100);
}

std::string form_encoded(std::string_view text)
{
    std::string out;
    afresh::core::append_form_encoded(out, text);
    return out;
}

std::string percent_encoded(std::string_view text)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    for (const char c : text) out.append("%").append(1, digits[c >> 4]).append(1, digits[c & 15]);
    return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_occurrence_of_a_secret_is_masked)
{
    BOOST_TEST(masked("token abcdef, again abcdefabcdef", {"abcdef"}) == "token ***, again ******");
    BOOST_TEST(masked("abcdef", {"abcdef"}) == "***");
    BOOST_TEST(masked("abcde", {"abcdef"}) == "abcde");
    BOOST_TEST(masked("banana", {""}) == "banana");
    BOOST_TEST(masked("banana", {"a"}) == "banana"); // too short to be a secret
}

BOOST_AUTO_TEST_CASE(secrets_that_overlap_leave_nothing_of_each_other)
{
    BOOST_TEST(masked("xabcdefgh.", {"xabc", "abcdefgh"}) == "***.");
    BOOST_TEST(masked("abcdefgh.", {"abcd", "abcdefgh"}) == "***.");
}

BOOST_AUTO_TEST_CASE(a_percent_encoded_secret_is_masked_however_it_was_encoded)
{
    for (const std::string secret : {"a/b+c=d e~%41é", "plain-token", "%25%25", "a%b%"}) {
        BOOST_TEST(masked("<" + secret + ">", {secret}) == "<***>");
        BOOST_TEST(masked("<" + form_encoded(secret) + ">", {secret}) == "<***>", secret);
    }
    BOOST_TEST(masked("t=" + percent_encoded("a/b+c d") + "&", {"a/b+c d"}) == "t=***&");
    BOOST_TEST(masked("t=a%2fb%2Bc%20d&", {"a/b+c d"}) == "t=***&");
    BOOST_TEST(masked("100% a%2", {"a/b+c d"}) == "100% a%2");
}

BOOST_AUTO_TEST_CASE(a_secret_inside_base64_is_masked_at_any_offset)
{
    const std::string secret = "gX1f~Bat>3bV?";
    for (const std::string before : {"", "i", "id", "id:", "client:"})
        for (const std::string after : {"", "!", "!!", "!!!"}) {
            const std::string whole = base64(before + secret + after);
            std::string url_safe = whole;
            for (char& c : url_safe) c = c == '+' ? '-' : c == '/' ? '_' : c;
            for (const std::string& text : {whole, url_safe, form_encoded(whole)}) {
                const std::string clean = masked(text, {secret});
                BOOST_TEST(clean.find("***") != clean.npos, text);
                // what is not the secret's, a character at each edge, and the padding
                BOOST_TEST(clean.size() <= 4 * (before.size() + after.size() + 2) / 3 + 3 + 6 + 2, clean);
            }
        }
    // As Basic credentials go out: each part form-encoded first.
    BOOST_TEST(masked("Basic " + base64("abc:" + form_encoded("g/X+1f B")), {"g/X+1f B"}) == "Basic YWJjOm***g==");
    BOOST_TEST(masked("Basic " + base64("abc:another secret"), {"g/X+1f B"}) ==
               "Basic " + base64("abc:another secret"));
}

BOOST_AUTO_TEST_CASE(its_work_ends_with_the_limit)
{
    secret_mask mask;
    mask.add("abcdef");
    BOOST_TEST(mask(std::string(1'000'000, 'a'), 10) == "aaaaaaaaaa");
    BOOST_TEST(mask("abcdefabcdef", 2) == "***");
}
