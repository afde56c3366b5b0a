#include "cli/gateway/forwarding.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdint>

namespace afresh::cli {
namespace {

// Field names, most of which no message has: the length of a name alone says so as a rule.
template <std::size_t N>
class name_set {
public:
    constexpr explicit name_set(const std::array<std::string_view, N>& names) : names_(names)
    {
        for (const std::string_view n : names) lengths_ |= std::uint64_t{1} << n.size();
    }
    bool has(std::string_view name) const noexcept
    {
        if (name.size() >= 64 || (lengths_ >> name.size() & 1) == 0) return false;
        return std::any_of(names_.begin(), names_.end(), [&](std::string_view n) { return same_name(n, name); });
    }

private:
    std::array<std::string_view, N> names_;
    std::uint64_t lengths_{};
};

constexpr name_set of_one_hop(std::array<std::string_view, 9>{"Connection", "Keep-Alive", "Proxy-Connection",
                                                              "Proxy-Authenticate", "TE", "Proxy-Authorization",
                                                              "Trailer", "Upgrade", "Transfer-Encoding"});
// Made anew, or the gateway's own.
constexpr name_set of_the_request(std::array<std::string_view, 5>{"Host", "Content-Length", "Expect", "Authorization",
                                                                  "DPoP"});
constexpr name_set of_the_answer(std::array<std::string_view, 2>{"DPoP-Nonce", "WWW-Authenticate"});

bool is_named(std::string_view list, std::string_view name) noexcept
{
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view one = list.substr(0, end);
        while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
        if (same_name(one, name)) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

// What `Connection` fields say belongs to the connection (RFC 9110 7.6.1).
template <class Fields>
std::vector<std::string_view> connection_options(const Fields& received)
{
    std::vector<std::string_view> lists;
    for (const auto& f : received)
        if (same_name(f.name, "Connection") && !same_name(f.value, "keep-alive") && !same_name(f.value, "close"))
            lists.push_back(f.value); // those two, which most say, name no field that would go on otherwise
    return lists;
}

bool is_named_in(const std::vector<std::string_view>& lists, std::string_view name) noexcept
{
    return std::any_of(lists.begin(), lists.end(), [&](std::string_view list) { return is_named(list, name); });
}

// The fields that go on: those neither of one hop nor among `others`.
template <class Fields, class Names, class Add>
void each_other_than(const Names& others, const Fields& received, Add add)
{
    const auto connection = connection_options(received);
    for (const auto& f : received)
        if (!of_one_hop.has(f.name) && !others.has(f.name) && !is_named_in(connection, f.name)) add(f.name, f.value);
}

} // namespace

bool same_name(std::string_view a, std::string_view b) noexcept
{
    if (a.size() != b.size()) return false;
    if (a == b) return true; // as most write them
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

std::string_view find_field(std::span<const field_view> fields, std::string_view name) noexcept
{
    const auto at =
        std::find_if(fields.begin(), fields.end(), [&](const field_view& f) { return same_name(f.name, name); });
    return at == fields.end() ? std::string_view() : at->value;
}

field_views views_of(const http_fields& fields)
{
    field_views views;
    views.reserve(fields.size());
    for (const http_field& f : fields) views.push_back({f.name, f.value});
    return views;
}

void forward_request(std::span<const field_view> received, http_fields& into)
{
    into.reserve(received.size() + 1);
    each_other_than(of_the_request, received, [&](std::string_view n, std::string_view v) { into.append(n, v); });
    into.append("Via", "1.1 afresh");
}

void forward_answer(const http_fields& received, field_views& into)
{
    into.clear();
    into.reserve(received.size());
    each_other_than(of_the_answer, received, [&](std::string_view n, std::string_view v) { into.push_back({n, v}); });
}

std::string forward_url(const std::string& api, std::string_view target)
{
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return {};
    std::string_view base = api;
    while (base.ends_with('/')) base.remove_suffix(1);
    std::string url;
    url.reserve(base.size() + target.size());
    url.append(base).append(target);
    return url;
}

std::string_view wanted_protocol(std::span<const field_view> received)
{
    const std::string_view protocol = find_field(received, "Upgrade");
    if (protocol.empty() || !is_named_in(connection_options(received), "Upgrade")) return {};
    return is_named(protocol, "h2c") ? std::string_view() : protocol; // asked for by habit, and dropped in RFC 9113 3.1
}

bool is_of_strange_page(std::span<const field_view> received, const std::vector<std::string>& allowed)
{
    const std::string_view origin = find_field(received, "Origin");
    if (origin.empty()) {
        const std::string_view site = find_field(received, "Sec-Fetch-Site");
        return !site.empty() && site != "same-origin" && site != "none";
    }
    if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return false;
    const std::size_t scheme = origin.find("://");
    return scheme == std::string_view::npos || origin.substr(scheme + 3) != find_field(received, "Host");
}

bool is_strange_host(std::string_view host, const std::vector<std::string>& known)
{
    if (host.starts_with('[')) return false; // an IPv6 address
    host = host.substr(0, host.find(':'));
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::size_t dot = host.rfind('.');
    if (dot == std::string_view::npos) return false; // localhost, or a name of this network
    const std::string_view last = host.substr(dot + 1);
    const bool is_number = !last.empty() && last.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number) return false; // an IPv4 address, to browsers
    // RFC 6761 6.3, RFC 6762 3, and ICANN's for private networks.
    for (const std::string_view reserved : {".localhost", ".local", ".internal"})
        if (host.size() > reserved.size() && same_name(host.substr(host.size() - reserved.size()), reserved))
            return false;
    return std::none_of(known.begin(), known.end(), [host](const std::string& k) { return same_name(k, host); });
}

std::string problem(unsigned status, std::string_view title, std::string_view detail)
{
    boost::json::object o;
    o["type"] = "about:blank";
    o["title"] = title;
    o["status"] = status;
    o["detail"] = detail;
    return boost::json::serialize(o) + "\n";
}

} // namespace afresh::cli
