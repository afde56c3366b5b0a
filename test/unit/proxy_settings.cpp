// Which URLs go through a proxy, from options and from the environment.
#include "http/proxy_settings.hpp"
#include "support/print_errc.hpp"

#include <boost/test/unit_test.hpp>

#include <boost/system/system_error.hpp>
#include <cstdlib>
#include <map>
#include <string>

using namespace afresh;

using http::matches_no_proxy;
using http::proxy_settings;

namespace {

core::url_parts url(const char* text) { return *core::parse_url(text); }

constexpr const char* variables[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY",    "all_proxy",
                                     "ALL_PROXY",   "no_proxy",    "NO_PROXY",   "REQUEST_METHOD"};

// An environment of its own, and the old one afterwards.
struct environment {
    environment()
    {
        for (const char* v : variables) {
            if (const char* value = std::getenv(v)) before[v] = value;
            ::unsetenv(v);
        }
    }
    ~environment()
    {
        for (const char* v : variables) ::unsetenv(v);
        for (const auto& [name, value] : before) ::setenv(name.c_str(), value.c_str(), 1);
    }
    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;
    void set(const char* name, const char* value) { ::setenv(name, value, 1); }

    std::map<std::string, std::string> before;
};

std::string refusal(const proxy_options& o)
{
    try {
        const proxy_settings s(o);
    } catch (const boost::system::system_error& e) {
        BOOST_TEST(e.code() == errc::invalid_argument);
        return e.what();
    }
    return "accepted";
}

} // namespace

BOOST_AUTO_TEST_SUITE(proxies)

BOOST_AUTO_TEST_CASE(each_scheme_has_its_proxy_and_this_machine_none)
{
    proxy_options o;
    o.for_https = "http://a.example:3128";
    o.for_http = "socks5h://b.example";
    const proxy_settings s(o);
    const net::proxy* secure = s.for_url(url("https://api.example/"));
    BOOST_REQUIRE(secure);
    BOOST_TEST(secure->host == "a.example");
    BOOST_TEST(secure->port == 3128u);
    BOOST_TEST(!secure->is_socks());
    const net::proxy* plain = s.for_url(url("http://api.example/"));
    BOOST_REQUIRE(plain);
    BOOST_TEST(plain->host == "b.example");
    BOOST_TEST(plain->port == 1080u);
    BOOST_TEST((plain->what == net::proxy::kind::socks5h));
    for (const char* here : {"http://localhost/", "https://127.0.0.1:8443/", "https://127.3.2.1/", "http://[::1]/"})
        BOOST_TEST(!s.for_url(url(here)));
    BOOST_TEST(!proxy_settings({}).for_url(url("https://api.example/")));
}

BOOST_AUTO_TEST_CASE(no_proxy_names_hosts_addresses_networks_and_ports)
{
    struct row {
        const char* entry;
        const char* to;
        bool without;
    };
    const row rows[] = {
        {"*", "https://api.example/", true},
        {"example.com", "https://example.com/", true},
        {"example.com", "https://api.example.com/", true},
        {"EXAMPLE.com", "https://api.example.COM/", true},
        {".example.com", "https://api.example.com/", true},
        {".example.com", "https://example.com/", true},
        {"*.example.com", "https://api.example.com/", true},
        {"example.com", "https://badexample.com/", false},
        {"example.com", "https://example.com.evil/", false},
        {"api.example.com", "https://example.com/", false},
        {" example.com ", "https://example.com/", true},
        {"", "https://example.com/", false},
        {".", "https://example.com/", false},
        {"example.com:8443", "https://example.com:8443/", true},
        {"example.com:8443", "https://example.com/", false},
        {"example.com:443", "https://example.com/", true},
        {"10.1.2.3", "http://10.1.2.3/", true},
        {"10.1.2.3:80", "http://10.1.2.3/", true},
        {"10.1.2.3", "http://10.1.2.30/", false},
        {"10.0.0.0/8", "http://10.200.0.1/", true},
        {"10.0.0.0/8", "http://11.0.0.1/", false},
        {"192.168.1.128/25", "http://192.168.1.127/", false},
        {"192.168.1.128/25", "http://192.168.1.200/", true},
        {"10.0.0.0/8", "http://api.example/", false},
        {"2.3", "http://10.1.2.3/", false}, // a name's tail is no address's
        {"fe80::/10", "http://[fe80::1]/", true},
        {"fe80::/10", "http://[2001:db8::1]/", false},
        {"2001:db8::1", "http://[2001:db8::1]/", true},
        {"[2001:db8::1]", "http://[2001:db8::1]/", true},
        {"[2001:db8::1]:8080", "http://[2001:db8::1]:8080/", true},
        {"[2001:db8::1]:8080", "http://[2001:db8::1]/", false},
        {"10.0.0.0/33", "http://10.0.0.1/", false},
        {"10.0.0.0/8", "http://[2001:db8::1]/", false},
    };
    for (const row& r : rows) BOOST_TEST_CONTEXT(r.entry << " and " << r.to)
    BOOST_TEST(matches_no_proxy(r.entry, url(r.to)) == r.without);
}

BOOST_AUTO_TEST_CASE(what_is_no_proxy_is_refused_by_name_and_without_its_password)
{
    BOOST_TEST(refusal(proxy_options::through("not a url")).find("for_https") != std::string::npos);
    BOOST_TEST(refusal(proxy_options::through("https://proxy.example")).find("'https'") != std::string::npos);
    BOOST_TEST(refusal(proxy_options::through("socks4://proxy.example")).find("'socks4'") != std::string::npos);
    const std::string with_user = refusal(proxy_options::through("http://alice:hunter2@proxy.example"));
    BOOST_TEST(with_user.find("members user and password") != std::string::npos);
    BOOST_TEST(with_user.find("hunter2") == std::string::npos);
    proxy_options o = proxy_options::through("http://proxy.example");
    o.user = "a:b";
    BOOST_TEST(refusal(o).find("no colon") != std::string::npos);
    o.user = std::string(256, 'u');
    BOOST_TEST(refusal(o).find("255") != std::string::npos);
    BOOST_TEST(refusal(proxy_options::through("proxy.example:3128")) == "accepted");
}

BOOST_AUTO_TEST_CASE(the_environment_is_read_as_curl_reads_it)
{
    environment e;
    BOOST_TEST(proxy_options::from_environment().for_https.empty());
    e.set("ALL_PROXY", "socks5://all.example");
    e.set("HTTPS_PROXY", "http://upper.example");
    e.set("https_proxy", "http://lower.example:1");
    e.set("NO_PROXY", "localhost, .corp.example,,10.0.0.0/8");
    const auto o = proxy_options::from_environment();
    BOOST_TEST(o.for_https == "http://lower.example:1");
    BOOST_TEST(o.for_http == "socks5://all.example");
    BOOST_TEST(o.no_proxy.size() == 3u);
    const proxy_settings s(o);
    BOOST_TEST(!s.for_url(url("https://a.corp.example/")));
    BOOST_TEST(!s.for_url(url("https://10.9.9.9/")));
    BOOST_TEST(s.for_url(url("https://api.example/")));
}

BOOST_AUTO_TEST_CASE(a_request_to_a_cgi_program_cannot_name_a_proxy)
{
    environment e;
    e.set("HTTP_PROXY", "http://evil.example");
    BOOST_TEST(proxy_options::from_environment().for_http == "http://evil.example");
    e.set("REQUEST_METHOD", "GET");
    BOOST_TEST(proxy_options::from_environment().for_http.empty());
    e.set("http_proxy", "http://good.example");
    BOOST_TEST(proxy_options::from_environment().for_http == "http://good.example");
}

BOOST_AUTO_TEST_CASE(user_and_password_are_taken_out_of_the_url)
{
    environment e;
    e.set("HTTPS_PROXY", "http://alice:p%40ss@proxy.example:3128/");
    const auto o = proxy_options::from_environment();
    BOOST_TEST(o.for_https == "http://proxy.example:3128/");
    BOOST_TEST(o.user == "alice");
    BOOST_TEST(o.password.reveal() == "p@ss");
    const proxy_settings s(o);
    BOOST_TEST(s.for_url(url("https://api.example/"))->basic_credentials().reveal() == "Basic YWxpY2U6cEBzcw==");
}

BOOST_AUTO_TEST_SUITE_END()
