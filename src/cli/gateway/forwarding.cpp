#include "cli/gateway/forwarding.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>

namespace afresh::cli {
namespace {

bool same(std::string_view a, std::string_view b)
{
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& names, std::string_view name)
{
    return std::any_of(names.begin(), names.end(), [&](std::string_view n) { return same(n, name); });
}

constexpr std::array<std::string_view, 9> of_one_hop{
    "Connection",          "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "TE",
    "Proxy-Authorization", "Trailer",    "Upgrade",          "Transfer-Encoding"};
// Made anew, or the gateway's own.
constexpr std::array<std::string_view, 5> of_the_request{"Host", "Content-Length", "Expect", "Authorization", "DPoP"};
constexpr std::array<std::string_view, 2> of_the_answer{"DPoP-Nonce", "WWW-Authenticate"};

bool is_named(std::string_view list, std::string_view name)
{
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view one = list.substr(0, end);
        while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
        while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
        if (same(one, name)) return true;
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return false;
}

// The fields that go on: those neither of one hop (RFC 9110 7.6.1: named there, or by `Connection`) nor among `others`.
template <std::size_t N>
http_fields without(const http_fields& received, const std::array<std::string_view, N>& others)
{
    const auto connection = received.find_all("Connection");
    http_fields out;
    for (const http_field& f : received) {
        const bool named = std::any_of(connection.begin(), connection.end(),
                                       [&](std::string_view value) { return is_named(value, f.name); });
        if (!named && !is_one_of(of_one_hop, f.name) && !is_one_of(others, f.name)) out.add(f.name, f.value);
    }
    return out;
}

} // namespace

http_fields forward_request(const http_fields& received)
{
    http_fields out = without(received, of_the_request);
    out.add("Via", "1.1 afresh");
    return out;
}

http_fields forward_answer(const http_fields& received) { return without(received, of_the_answer); }

std::string forward_url(const std::string& api, std::string_view target)
{
    if (!target.starts_with('/') || target.find('#') != std::string_view::npos) return {};
    std::string url = api;
    while (url.ends_with('/')) url.pop_back();
    return url.append(target);
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
