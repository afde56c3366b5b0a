#include "core/url.hpp"

#include "core/char_set.hpp"
#include "core/text.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>

namespace afresh::core {
namespace {

namespace urls = boost::urls;

constexpr char to_lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// A DNS name as hosts are really called. RFC 3986 allows more (percent-encoding, sub-delims), and what two parsers read
// differently is how a token gets to the wrong host.
bool is_host_name(std::string_view name) noexcept
{
    if (name.empty() || name.size() > 254 || name.front() == '.' || name.find("..") != std::string_view::npos)
        return false;
    static constexpr char_set allowed("abcdefghijklmnopqrstuvwxyz0123456789-._");
    if (!allowed.has_all(name)) return false;
    // A name whose last label is a number ("127.1", "0x7f.1", "2130706433") is an IPv4 address to most resolvers.
    if (name.back() == '.') name.remove_suffix(1);
    const std::string_view last = name.substr(name.rfind('.') + 1);
    return last.find_first_not_of("0123456789") != std::string_view::npos && !last.starts_with("0x");
}

// RFC 3986 3.2.2: four numbers up to 255, without zeros before them, so that there is one way to write each address.
bool is_ipv4_address(std::string_view text) noexcept
{
    int parts = 1;
    unsigned value = 0;
    std::size_t digits = 0;
    for (const char c : text) {
        if (c == '.') {
            if (digits == 0 || ++parts > 4) return false;
            value = 0;
            digits = 0;
            continue;
        }
        if (c < '0' || c > '9' || (digits > 0 && value == 0)) return false;
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 255) return false;
        ++digits;
    }
    return parts == 4 && digits > 0;
}

// In lower case, an IPv6 address in its canonical form. False: not a host this library talks to.
bool append_host(std::string& origin, std::string_view text)
{
    if (text.starts_with('[') && text.ends_with(']')) {
        const auto v6 = urls::parse_ipv6_address({text.data() + 1, text.size() - 2});
        if (v6) origin.append(1, '[').append(v6->to_string()).append(1, ']');
        return v6.has_value();
    }
    const std::size_t begin = origin.size();
    origin.append(text);
    if (is_ipv4_address(text)) return true;
    const auto name = origin.begin() + static_cast<std::ptrdiff_t>(begin);
    std::transform(name, origin.end(), name, to_lower);
    return is_host_name(std::string_view(origin).substr(begin));
}

// Of a URL in which nothing can be wrong but its host and port, which this file judges by itself: after "https://" it is
// made of characters that may stand anywhere (RFC 3986 3.3, 3.4) and of delimiters that mean the same to everybody. Most
// are of this kind, and need no parser. Empty: this may be another.
std::string_view scheme_of_plain(std::string_view url) noexcept
{
    const std::string_view scheme = url.starts_with("https://") ? "https" : url.starts_with("http://") ? "http" : "";
    static constexpr char_set plain("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/:?&=");
    return plain.has_all(url) ? scheme : std::string_view();
}

// "https" or "http"; empty: not a URL that parse_url() takes.
std::string_view scheme_of(std::string_view url)
{
    if (const auto plain = scheme_of_plain(url); !plain.empty()) return plain;
    const auto parsed = urls::parse_uri({url.data(), url.size()});
    if (!parsed || !parsed->has_authority() || parsed->has_userinfo()) return {};
    const std::string_view given(parsed->scheme().data(), parsed->scheme().size());
    return iequals(given, "https") ? "https" : iequals(given, "http") ? "http" : "";
}

// zero: not a port
std::uint16_t parse_port(std::string_view digits)
{
    std::uint32_t value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return 0;
        value = value * 10 + static_cast<std::uint32_t>(c - '0');
        if (value > 65535) return 0;
    }
    return static_cast<std::uint16_t>(value);
}

} // namespace

std::string_view url_parts::host() const noexcept
{
    const std::string_view all = authority();
    return all.starts_with('[') ? all.substr(1, all.find(']') - 1) : all.substr(0, all.find(':'));
}

bool url_parts::is_loopback() const noexcept
{
    const std::string_view name = host();
    if (name == "localhost" || name == "::1") return true;
    // Not by its beginning alone: "127.example.com" is a name.
    const auto v4 = urls::parse_ipv4_address({name.data(), name.size()});
    return v4.has_value() && v4->is_loopback();
}

result<url_parts> parse_url(std::string_view text)
{
    const error_code refused = errc::invalid_argument;
    const std::string_view scheme = scheme_of(text);
    if (scheme.empty()) return refused;

    // Boost.URL 1.81 ends an authority where it stops to understand it: to it, 127.0.0.1.example.com is the host
    // 127.0.0.1, and "a:x" the host a. By RFC 3986 3.2 it ends at the next '/', '?' or '#' and nowhere else.
    std::string_view rest = text.substr(scheme.size() + 3);
    static constexpr char_set ends("/?#");
    const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return ends.has(c); });
    const std::string_view authority = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    rest.remove_prefix(authority.size());

    url_parts parts;
    parts.origin.reserve(scheme.size() + authority.size() + 16); // canonical, an IPv6 address may be longer
    parts.origin.append(scheme).append("://");
    const auto colon =
        authority.find(':', authority.starts_with('[') ? std::min(authority.find(']'), authority.size()) : 0);
    if (!append_host(parts.origin, authority.substr(0, colon))) return refused;
    // RFC 3986 3.2.3: "https://host:" is "https://host"
    const std::string_view digits = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon + 1);
    const std::uint16_t usual = scheme == "https" ? 443 : 80;
    parts.port = digits.empty() ? usual : parse_port(digits);
    if (parts.port == 0) return refused;
    if (parts.port != usual) parts.origin.append(1, ':').append(std::to_string(parts.port));

    if (!rest.starts_with('/')) parts.target = '/';
    parts.target.append(rest.substr(0, rest.find('#')));
    return parts;
}

} // namespace afresh::core
