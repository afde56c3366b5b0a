#include "http/proxy_settings.hpp"

#include "core/text.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <boost/system/system_error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace afresh::http {
namespace {

namespace ip = boost::asio::ip;
namespace urls = boost::urls;

[[noreturn]] void refuse(const std::string& what)
{
    throw boost::system::system_error(make_error_code(errc::invalid_argument), "proxy_options: " + what);
}

std::optional<net::proxy> parsed(const std::string& url, const char* member, const proxy_options& o)
{
    if (url.empty()) return std::nullopt;
    // "proxy.example:3128", as curl takes it, is http
    const std::string whole = url.find("://") == std::string::npos ? "http://" + url : url;
    const auto view = urls::parse_uri(whole);
    if (!view || !view->has_authority() || view->encoded_host().empty())
        refuse(std::string(member) + " is no URL of a proxy");
    if (view->has_userinfo()) refuse(std::string(member) + " has a user in it; use the members user and password");
    net::proxy p;
    const std::string scheme(view->scheme().data(), view->scheme().size());
    if (scheme == "http")
        p.what = net::proxy::kind::http;
    else if (scheme == "socks5")
        p.what = net::proxy::kind::socks5;
    else if (scheme == "socks5h")
        p.what = net::proxy::kind::socks5h;
    else
        refuse(std::string(member) + " has the scheme '" + scheme + "'; http, socks5 and socks5h are known");
    p.host.assign(view->encoded_host().data(), view->encoded_host().size());
    if (p.host.starts_with('[')) p.host = p.host.substr(1, p.host.size() - 2);
    p.port = view->port_number();
    if (p.port == 0) p.port = p.is_socks() ? 1080 : 80;
    if (o.user.size() > 255 || o.password.size() > 255) refuse("user and password have 255 bytes at most (RFC 1929)");
    if (!core::is_field_value(o.user) || o.user.find(':') != std::string::npos)
        refuse("user: no colon and no control characters (RFC 7617)");
    p.user = o.user;
    p.password = o.password;
    return p;
}

bool in_network(const std::string& entry, const ip::address& address)
{
    error_code ec;
    if (address.is_v4()) {
        const auto net = ip::make_network_v4(entry, ec);
        if (ec) return false;
        const auto mask = net.netmask().to_uint();
        return (address.to_v4().to_uint() & mask) == (net.address().to_uint() & mask);
    }
    const auto net = ip::make_network_v6(entry, ec);
    if (ec) return false;
    const auto in = address.to_v6().to_bytes();
    const auto of = net.address().to_bytes();
    for (unsigned bit = 0; bit < net.prefix_length(); ++bit) {
        const unsigned char mask = static_cast<unsigned char>(0x80u >> (bit % 8));
        if ((in[bit / 8] & mask) != (of[bit / 8] & mask)) return false;
    }
    return true;
}

std::string variable(std::initializer_list<const char*> names)
{
    for (const char* name : names)
        if (const char* value = std::getenv(name); value && *value) return value;
    return {};
}

// "user:password@" is taken out, and kept.
void take_user(std::string& url, proxy_options& o)
{
    const auto begin = url.find("://") == std::string::npos ? 0 : url.find("://") + 3;
    const auto at = url.find('@', begin);
    if (at == std::string::npos || at > url.find('/', begin)) return;
    std::string whole = begin == 0 ? "http://" + url : url;
    if (const auto view = urls::parse_uri(whole)) {
        o.user = view->user();
        o.password = secret_string(view->password());
    }
    wipe(whole);
    std::string without = url.substr(0, begin) + url.substr(at + 1);
    wipe(url);
    url = std::move(without);
}

} // namespace

bool matches_no_proxy(std::string_view entry, const core::url_parts& to)
{
    while (!entry.empty() && entry.front() == ' ') entry.remove_prefix(1);
    while (!entry.empty() && entry.back() == ' ') entry.remove_suffix(1);
    if (entry.empty()) return false;
    if (entry == "*") return true;
    std::string name(entry);
    error_code ec;
    const std::string host(to.host());
    const auto address = ip::make_address(host, ec);
    const bool is_address = !ec;
    if (is_address && name.find('/') != std::string::npos) return in_network(name, address);

    const auto colon = name.rfind(':');
    const bool bracketed = name.starts_with('[');
    if (colon != std::string::npos && (bracketed ? name[colon - 1] == ']' : name.find(':') == colon)) {
        unsigned port = 0;
        std::from_chars(name.data() + colon + 1, name.data() + name.size(), port);
        if (port != to.port) return false;
        name.resize(colon);
    }
    if (bracketed && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    if (is_address) {
        const auto other = ip::make_address(name, ec);
        return !ec && other == address;
    }
    if (name.starts_with("*.")) name.erase(0, 2);
    if (name.starts_with('.')) name.erase(0, 1);
    if (name.empty() || name.size() > host.size()) return false;
    const std::string_view tail = std::string_view(host).substr(host.size() - name.size());
    const bool whole_label = tail.size() == host.size() || host[host.size() - tail.size() - 1] == '.';
    return whole_label && core::iequals(tail, name);
}

proxy_settings::proxy_settings(const proxy_options& o)
    : for_https_(parsed(o.for_https, "for_https", o)),
      for_http_(parsed(o.for_http, "for_http", o)),
      without_(o.no_proxy)
{
}

const net::proxy* proxy_settings::for_url(const core::url_parts& to) const
{
    const auto& one = to.is_https() ? for_https_ : for_http_;
    if (!one || to.is_loopback()) return nullptr;
    for (const std::string& entry : without_)
        if (matches_no_proxy(entry, to)) return nullptr;
    return &*one;
}

} // namespace afresh::http

namespace afresh {

proxy_options proxy_options::from_environment()
{
    proxy_options o;
    const std::string all = http::variable({"all_proxy", "ALL_PROXY"});
    o.for_https = http::variable({"https_proxy", "HTTPS_PROXY"});
    if (o.for_https.empty()) o.for_https = all;
    const bool cgi = std::getenv("REQUEST_METHOD") != nullptr; // "httpoxy", CVE-2016-5385
    o.for_http = cgi ? http::variable({"http_proxy"}) : http::variable({"http_proxy", "HTTP_PROXY"});
    if (o.for_http.empty()) o.for_http = all;
    http::take_user(o.for_http, o);
    http::take_user(o.for_https, o);
    std::string without = http::variable({"no_proxy", "NO_PROXY"});
    while (!without.empty()) {
        const auto comma = without.find(',');
        if (const std::string one = without.substr(0, comma); !one.empty()) o.no_proxy.push_back(one);
        without.erase(0, comma == std::string::npos ? without.size() : comma + 1);
    }
    return o;
}

} // namespace afresh
