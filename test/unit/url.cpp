#include "core/url.hpp"

#include <boost/test/unit_test.hpp>

#include <iterator>
#include <random>

using namespace afresh::core;
using namespace std::literals;

BOOST_AUTO_TEST_CASE(what_is_not_an_absolute_http_url_is_refused)
{
    for (const auto bad : {"", "/", "example.com", "//example.com/", "https:", "https:/example.com", "https:///path",
                           "https://", "ftp://a/", "file:///etc/passwd", "httpss://a/", "ws://a/", "mailto:a@b",
                           "https:example.com", "javascript:alert(1)"})
        BOOST_TEST((parse_url(bad).error() == afresh::errc::invalid_argument), bad);
}

BOOST_AUTO_TEST_CASE(user_information_is_refused)
{
    for (const auto bad : {"https://user@example.com/", "https://user:secret@example.com/", "https://@example.com/",
                           "https://:@example.com/", "https://good.example@evil.example/"})
        BOOST_TEST(!parse_url(bad), bad);
}

BOOST_AUTO_TEST_CASE(control_characters_spaces_and_raw_unicode_are_refused)
{
    for (const auto bad : {"https://a/b c", " https://a/", "https://a/ ", "https://a/\r\nX: y", "https://a/\t",
                           "https://a\n/", "https://a/\x7f", "https://a/\xc3\xa9", "https://\xc3\xa9.example/",
                           "https://a/?q=\"", "https://a\\b/", "https://a/\\b", "https://a/%zz", "https://a/<b>"})
        BOOST_TEST(!parse_url(bad), bad);
    BOOST_TEST(!parse_url("https://a/\0"sv));
    BOOST_TEST(!parse_url("https://a\0.example/"sv));
}

BOOST_AUTO_TEST_CASE(hosts_that_parsers_read_differently_are_refused)
{
    for (const auto bad : {"https://ex%61mple.com/",
                           "https://example.com%2f.evil.example/",
                           "https://a;b/",
                           "https://a,b/",
                           "https://a!b/",
                           "https://.example.com/",
                           "https://a..b/",
                           "https://127.1/",
                           "https://2130706433/",
                           "https://0x7f.0.0.1/",
                           "https://0x7f000001/",
                           "https://127.0.0.01/",
                           "https://1.2.3.4.5/",
                           "https://1.2.3.256/",
                           "https://127.0.0.1./",
                           "https://[::1/",
                           "https://::1/",
                           "https://[::g]/",
                           "https://[v1.a]/",
                           "https://[fe80::1%25eth0]/",
                           "https://[]/"})
        BOOST_TEST(!parse_url(bad), bad);
    BOOST_TEST(!parse_url("https://" + std::string(255, 'a') + "/"));
}

BOOST_AUTO_TEST_CASE(a_name_that_begins_with_an_address_is_a_name)
{
    const auto u = parse_url("https://127.0.0.1.example.com/path").value();
    BOOST_TEST(u.host() == "127.0.0.1.example.com");
    BOOST_TEST(u.target == "/path");
    for (const auto bad :
         {"https://[::1]x/", "https://[::1]:x/", "https://[::1]]/", "https://[::1/]", "https://[[::1]]/"})
        BOOST_TEST(!parse_url(bad), bad);
}

BOOST_AUTO_TEST_CASE(a_port_that_is_none_is_refused)
{
    for (const auto bad : {"https://a:0/", "https://a:65536/", "https://a:99999999999999999999/", "https://a:-1/",
                           "https://a:x/", "https://a:1:2/", "https://a:4 4/"})
        BOOST_TEST(!parse_url(bad), bad);
    BOOST_TEST(parse_url("https://a:1/").value().port == 1);
    BOOST_TEST(parse_url("https://a:65535/").value().port == 65535);
    BOOST_TEST(parse_url("https://a:00443/").value().port == 443);
    BOOST_TEST(parse_url("https://a:/").value().port == 443);
    BOOST_TEST(parse_url("https://a/").value().port == 443);
    BOOST_TEST(parse_url("http://a/").value().port == 80);
}

BOOST_AUTO_TEST_CASE(a_url_is_taken_apart)
{
    const auto u = parse_url("HTTPS://API.Example.COM:8443/a/./b%20c?x=1&y=/?#frag").value();
    BOOST_TEST(u.scheme() == "https");
    BOOST_TEST(u.is_https());
    BOOST_TEST(u.host() == "api.example.com");
    BOOST_TEST(u.port == 8443);
    BOOST_TEST(u.target == "/a/./b%20c?x=1&y=/?"); // as given: a server may tell such paths apart
    BOOST_TEST(u.authority() == "api.example.com:8443");
    BOOST_TEST(u.origin == "https://api.example.com:8443");
}

BOOST_AUTO_TEST_CASE(a_target_is_at_least_a_slash)
{
    BOOST_TEST(parse_url("https://a").value().target == "/");
    BOOST_TEST(parse_url("https://a#f").value().target == "/");
    BOOST_TEST(parse_url("https://a?q").value().target == "/?q");
    BOOST_TEST(parse_url("https://a?").value().target == "/?");
    BOOST_TEST(parse_url("https://a//b").value().target == "//b");
}

BOOST_AUTO_TEST_CASE(an_origin_names_the_port_only_when_it_is_not_the_schemes_own)
{
    BOOST_TEST(parse_url("https://a:443/").value().origin == "https://a");
    BOOST_TEST(parse_url("http://a:80/").value().origin == "http://a");
    BOOST_TEST(parse_url("http://a:443/").value().origin == "http://a:443");
    BOOST_TEST(parse_url("https://a:80/").value().authority() == "a:80");
    BOOST_TEST(parse_url("https://example.com./").value().origin == "https://example.com."); // another name, to DNS
}

BOOST_AUTO_TEST_CASE(an_ipv6_address_has_brackets_outside_and_none_inside)
{
    const auto u = parse_url("https://[2001:DB8:0:0::1]:8443/x").value();
    BOOST_TEST(u.host() == "2001:db8::1"); // canonical, so that equal addresses are equal origins
    BOOST_TEST(u.authority() == "[2001:db8::1]:8443");
    BOOST_TEST(u.origin == "https://[2001:db8::1]:8443");
    BOOST_TEST(parse_url("https://[::1]/").value().origin == "https://[::1]");
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_loopback_is_not)
{
    for (const auto remote :
         {"http://127.example.com/", "http://127.0.0.1.example.com/", "http://localhost.example.com/",
          "http://localhost./", "http://128.0.0.1/", "http://0.0.0.0/", "http://[::]/", "http://[::2]/",
          "http://[::ffff:127.0.0.1]/", "http://a/"})
        BOOST_TEST(!parse_url(remote).value().is_loopback(), remote);
}

BOOST_AUTO_TEST_CASE(loopback_is_localhost_127_and_colon_colon_one)
{
    for (const auto local : {"http://localhost:8080/", "http://LOCALHOST/", "http://127.0.0.1/",
                             "http://127.255.255.254/", "http://[::1]/", "http://[0:0:0:0:0:0:0:1]:1/"})
        BOOST_TEST(parse_url(local).value().is_loopback(), local);
}

// A fragment, which is dropped, sends a URL to the full parser.
BOOST_AUTO_TEST_CASE(a_plain_url_is_read_as_the_full_parser_reads_it)
{
    const char* const pieces[] = {
        "a",        "b.example", "example.com", "A-Z", "x_y", "~",    "127.0.0.1", "1.2.3.4.5", "0x7f", "256",
        "080",      "443",       "65536",       ".",   "..",  "-",    ":",         ":80",       "/",    "//",
        "/path/to", "?",         "?q=1&r=2",    "&",   "=",   "http", "https://",  "%41",       "%4",   "@",
        "[::1]",    "[",         "]",           " ",   "!",   ";",    ",",         "\x7f",      "\"",   "+"};
    std::minstd_rand chance(1);
    std::uniform_int_distribution<std::size_t> piece(0, std::size(pieces) - 1);
    std::uniform_int_distribution<std::size_t> plain_piece(0, 26);
    std::uniform_int_distribution<int> length(0, 6);
    std::size_t taken = 0;
    for (int i = 0; i < 200'000; ++i) {
        std::string url = i % 3 == 0 ? "http://" : i % 3 == 1 ? "https://" : i % 5 == 0 ? "HTTPS://" : "";
        for (int n = length(chance); n >= 0; --n) url += pieces[i % 2 == 0 ? plain_piece(chance) : piece(chance)];
        const auto quick = parse_url(url);
        const auto full = parse_url(url + "#");
        taken += quick ? 1 : 0;
        const bool same =
            quick && full ? quick->origin == full->origin && quick->port == full->port && quick->target == full->target
                          : !quick && !full;
        if (!same) BOOST_ERROR(url);
    }
    BOOST_TEST(taken > 10'000);
}
