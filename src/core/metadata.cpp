#include "core/metadata.hpp"

#include "core/strict_json.hpp"
#include "core/url.hpp"

#include <boost/json/array.hpp>
#include <boost/url/ipv4_address.hpp>
#include <boost/url/ipv6_address.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace afresh::core {
namespace {

config_fault invalid(std::string text) { return {errc::invalid_metadata, std::move(text)}; }

struct endpoint {
    const char* name;
    std::string server_metadata::*member;
};
constexpr std::array<endpoint, 9> endpoints{{
    {"authorization_endpoint", &server_metadata::authorization_endpoint},
    {"token_endpoint", &server_metadata::token_endpoint},
    {"userinfo_endpoint", &server_metadata::userinfo_endpoint},
    {"jwks_uri", &server_metadata::jwks_uri},
    {"revocation_endpoint", &server_metadata::revocation_endpoint},
    {"introspection_endpoint", &server_metadata::introspection_endpoint},
    {"device_authorization_endpoint", &server_metadata::device_authorization_endpoint},
    {"pushed_authorization_request_endpoint", &server_metadata::pushed_authorization_request_endpoint},
    {"end_session_endpoint", &server_metadata::end_session_endpoint},
}};

struct list {
    const char* name;
    std::vector<std::string> server_metadata::*member;
};
constexpr std::array<list, 7> lists{{
    {"scopes_supported", &server_metadata::scopes_supported},
    {"response_types_supported", &server_metadata::response_types_supported},
    {"grant_types_supported", &server_metadata::grant_types_supported},
    {"token_endpoint_auth_methods_supported", &server_metadata::token_endpoint_auth_methods_supported},
    {"id_token_signing_alg_values_supported", &server_metadata::id_token_signing_alg_values_supported},
    {"code_challenge_methods_supported", &server_metadata::code_challenge_methods_supported},
    {"dpop_signing_alg_values_supported", &server_metadata::dpop_signing_alg_values_supported},
}};

// What a rule says about an address that is not everybody's.
bool may_be_asked(const url_parts& url, const url_parts& issuer, const metadata_rules& rules)
{
    return !rules.refuse_private_addresses || !(url.is_loopback() || is_private_address(url.host())) ||
           issuer.is_loopback() || is_private_address(issuer.host());
}

config_fault check_endpoint(const char* name, const std::string& url, const url_parts& issuer,
                            const metadata_rules& rules)
{
    const auto parts = parse_url(url);
    if (!parts || url.find('#') != std::string::npos)
        return invalid(std::string(name) + ": is not an absolute https URL without user information and fragment");
    if (!parts->is_https() && !rules.plain_http_allowed && !(parts->is_loopback() && issuer.is_loopback()))
        return invalid(std::string(name) + ": is plain http");
    if (!may_be_asked(*parts, issuer, rules)) return invalid(std::string(name) + ": names a private address");
    return {};
}

// Nothing: it is neither missing nor a list of texts.
std::optional<std::vector<std::string>> texts_of(const boost::json::object& o, const char* name)
{
    std::vector<std::string> texts;
    const auto* value = o.if_contains(name);
    if (!value || value->is_null()) return texts;
    if (!value->is_array()) return std::nullopt;
    for (const auto& entry : value->get_array()) {
        if (!entry.is_string()) return std::nullopt;
        texts.emplace_back(entry.get_string().data(), entry.get_string().size());
    }
    return texts;
}

config_fault read_aliases(server_metadata& out, const boost::json::object& o, const url_parts& issuer,
                          const metadata_rules& rules)
{
    const auto* value = o.if_contains("mtls_endpoint_aliases");
    if (!value || value->is_null()) return {};
    if (!value->is_object()) return invalid("mtls_endpoint_aliases: is not an object");
    for (const endpoint& e : endpoints) {
        std::string url = text_member(value->get_object(), e.name);
        if (url.empty()) continue;
        if (auto fault = check_endpoint(e.name, url, issuer, rules)) return fault;
        out.mtls_endpoint_aliases.push_back({e.name, std::move(url)});
    }
    return {};
}

config_fault read_members(server_metadata& out, const boost::json::object& o, const url_parts& issuer,
                          const metadata_rules& rules)
{
    for (const endpoint& e : endpoints) {
        const auto* value = o.if_contains(e.name);
        if (!value || value->is_null()) continue;
        if (!value->is_string()) return invalid(std::string(e.name) + ": is not a text");
        out.*e.member = text_member(o, e.name);
        if (auto fault = check_endpoint(e.name, out.*e.member, issuer, rules)) return fault;
    }
    for (const list& l : lists) {
        auto texts = texts_of(o, l.name);
        if (!texts) return invalid(std::string(l.name) + ": is not a list of texts");
        out.*l.member = *std::move(texts);
    }
    out.authorization_response_iss_parameter_supported =
        true_member(o, "authorization_response_iss_parameter_supported");
    out.require_pushed_authorization_requests = true_member(o, "require_pushed_authorization_requests");
    return read_aliases(out, o, issuer, rules);
}

} // namespace

bool is_private_address(std::string_view host) noexcept
{
    if (const auto v4 = boost::urls::parse_ipv4_address({host.data(), host.size()})) {
        const auto b = v4->to_bytes();
        return b[0] == 0 || b[0] == 10 || b[0] == 127 || (b[0] == 100 && (b[1] & 0xc0) == 64) ||
               (b[0] == 169 && b[1] == 254) || (b[0] == 172 && (b[1] & 0xf0) == 16) || (b[0] == 192 && b[1] == 168) ||
               b[0] >= 224;
    }
    if (const auto v6 = boost::urls::parse_ipv6_address({host.data(), host.size()})) {
        const auto b = v6->to_bytes();
        const bool first_ten_are_zero = std::all_of(b.begin(), b.begin() + 10, [](unsigned char c) { return c == 0; });
        // ::, ::1, and IPv4 in IPv6 clothes; fc00::/7, fe80::/10, ff00::/8
        return first_ten_are_zero || (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) || b[0] == 0xff;
    }
    return host == "localhost" || host.ends_with(".localhost");
}

config_fault check_issuer(const std::string& issuer, const metadata_rules& rules)
{
    const auto parts = parse_url(issuer);
    if (!parts || issuer.find_first_of("?#") != std::string::npos)
        return {errc::invalid_argument, "issuer: is not an absolute https URL without query and fragment (RFC 8414 2)"};
    if (!parts->is_https() && !parts->is_loopback() && !rules.plain_http_allowed)
        return {errc::insecure_url, "issuer: is plain http, in which anybody on the way can name other endpoints"};
    return {};
}

std::vector<std::string> metadata_urls(const std::string& issuer)
{
    std::string base = issuer;
    if (base.ends_with('/')) base.pop_back();
    const auto path = base.find('/', base.find("://") + 3);
    const std::string origin = base.substr(0, path);
    const std::string rest = path == std::string::npos ? std::string() : base.substr(path);
    return {base + "/.well-known/openid-configuration", origin + "/.well-known/oauth-authorization-server" + rest};
}

metadata_reading read_metadata(std::string_view json, const std::string& issuer, const metadata_rules& rules)
{
    metadata_reading out;
    const auto object = strict_object(json);
    const auto asked = parse_url(issuer);
    if (!object || !asked) {
        out.fault = invalid("the answer is not one JSON object without repeated members");
        return out;
    }
    out.value.issuer = text_member(*object, "issuer");
    // RFC 8414 3.3: identical, without any normalisation, or nothing of it may be used.
    if (out.value.issuer != issuer)
        out.fault =
            invalid("issuer: is not the one that was asked for (RFC 8414 3.3); write it exactly as the server does");
    else
        out.fault = read_members(out.value, *object, *asked, rules);
    const auto& challenges = out.value.code_challenge_methods_supported;
    if (!out.fault && !challenges.empty() &&
        std::find(challenges.begin(), challenges.end(), "S256") == challenges.end())
        out.fault = invalid("code_challenge_methods_supported: has no S256, and nothing weaker is used (RFC 7636 7.2)");
    if (out.fault) out.value = server_metadata();
    return out;
}

} // namespace afresh::core

namespace afresh {

server_metadata server_metadata::with_mtls_aliases() const
{
    server_metadata out = *this;
    for (const alias& a : mtls_endpoint_aliases)
        for (const core::endpoint& e : core::endpoints)
            if (a.name == e.name) out.*e.member = a.url;
    return out;
}

} // namespace afresh
