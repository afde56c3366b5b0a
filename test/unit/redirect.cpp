// Where a redirect leads, and what goes along (RFC 9110 15.4).
#include "http/redirect.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace afresh;
using http::redirect_of;

namespace {

const std::string from = "https://api.example/a/b?q=1";

http_fields to(std::string location)
{
    http_fields f;
    f.add("Location", std::move(location));
    return f;
}

std::string followed(const char* method, unsigned status, const redirect_rules& rules = {})
{
    const auto r = redirect_of(method, from, status, to("/c"), rules);
    return r ? r->method + (r->drops_body ? " without body" : "") : "no";
}

} // namespace

BOOST_AUTO_TEST_SUITE(redirect)

BOOST_AUTO_TEST_CASE(get_and_head_are_followed_and_others_by_option)
{
    redirect_rules any;
    any.any_method = true;
    struct row {
        const char* method;
        unsigned status;
        const char* usual;
        const char* any;
    };
    const row rows[] = {
        {"GET", 301, "GET", "GET"},
        {"GET", 302, "GET", "GET"},
        {"GET", 303, "GET", "GET"},
        {"GET", 307, "GET", "GET"},
        {"GET", 308, "GET", "GET"},
        {"HEAD", 301, "HEAD", "HEAD"},
        {"HEAD", 303, "HEAD", "HEAD"},
        {"HEAD", 308, "HEAD", "HEAD"},
        {"POST", 301, "no", "GET without body"},
        {"POST", 302, "no", "GET without body"},
        {"POST", 303, "GET without body", "GET without body"},
        {"POST", 307, "no", "POST"},
        {"POST", 308, "no", "POST"},
        {"PUT", 301, "no", "PUT"},
        {"PUT", 303, "GET without body", "GET without body"},
        {"DELETE", 307, "no", "DELETE"},
        {"GET", 200, "no", "no"},
        {"GET", 300, "no", "no"},
        {"GET", 304, "no", "no"},
        {"GET", 305, "no", "no"},
        {"GET", 306, "no", "no"},
        {"GET", 401, "no", "no"},
    };
    for (const row& r : rows) BOOST_TEST_CONTEXT(r.method << ' ' << r.status)
        {
            BOOST_TEST(followed(r.method, r.status) == r.usual);
            BOOST_TEST(followed(r.method, r.status, any) == r.any);
        }
}

BOOST_AUTO_TEST_CASE(the_location_is_resolved_against_the_url_and_loses_its_fragment)
{
    const std::vector<std::pair<std::string, std::string>> rows{
        {"https://other.example/x", "https://other.example/x"},
        {"//other.example/x", "https://other.example/x"},
        {"/x/../y", "https://api.example/y"},
        {"x", "https://api.example/a/x"},
        {"../x", "https://api.example/x"},
        {"?r=2", "https://api.example/a/b?r=2"},
        {"/x#part", "https://api.example/x"},
        {"HTTPS://API.EXAMPLE:443/x", "https://api.example/x"},
    };
    for (const auto& [location, url] : rows) BOOST_TEST_CONTEXT(location)
        {
            const auto r = redirect_of("GET", from, 302, to(location), {});
            BOOST_REQUIRE(r);
            BOOST_TEST(core::parse_url(r->url)->origin + r->to.target == url);
            BOOST_TEST(r->leaves_origin == (url.find("other") != std::string::npos));
        }
}

BOOST_AUTO_TEST_CASE(what_leads_nowhere_or_out_of_tls_is_the_callers_answer)
{
    for (const char* location :
         {"", "http://api.example/x", "ftp://api.example/", "mailto:a@b.example", "https://",
          "https://user:pw@api.example/", "https://api.example/\r\nX: y", "https://[::1", "javascript:1"})
        BOOST_TEST_CONTEXT(location) BOOST_TEST(!redirect_of("GET", from, 302, to(location), {}));
    BOOST_TEST(!redirect_of("GET", from, 302, http_fields(), {}));
    http_fields two = to("/x");
    two.add("Location", "/y");
    BOOST_TEST(!redirect_of("GET", from, 302, two, {}));
    redirect_rules none;
    none.most = 0;
    BOOST_TEST(!redirect_of("GET", from, 302, to("/x"), none));
    BOOST_TEST(redirect_of("GET", "http://127.0.0.1:8080/", 302, to("https://api.example/"), {})->leaves_origin);
}

BOOST_AUTO_TEST_CASE(another_port_or_scheme_or_subdomain_is_another_origin)
{
    for (const char* location : {"https://api.example:8443/", "https://www.api.example/", "https://example/"})
        BOOST_TEST(redirect_of("GET", from, 302, to(location), {})->leaves_origin);
}

BOOST_AUTO_TEST_CASE(credentials_stay_with_their_origin)
{
    redirect_rules rules;
    rules.secret_fields = {"X-Api-Key"};
    http_fields fields;
    for (const char* name : {"authorization", "Cookie", "Proxy-Authorization", "x-api-key", "Accept", "Content-Type"})
        fields.add(name, "v");
    http_fields same = fields;
    adapt(same, *redirect_of("GET", from, 302, to("/x"), rules), rules);
    BOOST_TEST((same == fields));
    http_fields other = fields;
    adapt(other, *redirect_of("GET", from, 302, to("//b.example/"), rules), rules);
    BOOST_TEST(other.size() == 2u);
    BOOST_TEST(other.contains("Accept"));
    BOOST_TEST(other.contains("Content-Type"));
    http_fields dropped = fields;
    adapt(dropped, *redirect_of("POST", from, 303, to("/x"), rules), rules);
    BOOST_TEST(!dropped.contains("Content-Type"));
    BOOST_TEST(dropped.contains("Authorization"));
}

BOOST_AUTO_TEST_SUITE_END()
