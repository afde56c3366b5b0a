#include "core/id_token.hpp"

#include "core/strict_json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace afresh::core {
namespace {

config_fault wrong(std::string text) { return {errc::invalid_id_token, std::move(text)}; }

// A text, or a list of texts (RFC 7519 4.1.3); empty: neither.
std::vector<std::string> audiences_of(const boost::json::object& claims)
{
    const auto* aud = claims.if_contains("aud");
    if (!aud) return {};
    if (aud->is_string()) return {text_member(claims, "aud")};
    std::vector<std::string> all;
    if (aud->is_array())
        for (const auto& a : aud->get_array()) {
            if (!a.is_string()) return {};
            all.emplace_back(a.get_string().data(), a.get_string().size());
        }
    return all;
}

// Rules 3 to 5.
config_fault check_audience(const boost::json::object& claims, const id_token_expectation& expected)
{
    const auto audiences = audiences_of(claims);
    if (std::find(audiences.begin(), audiences.end(), expected.client_id) == audiences.end())
        return wrong("aud: does not name this client");
    const bool has_azp = claims.contains("azp");
    if (audiences.size() > 1 && !has_azp) return wrong("azp: is missing, with several audiences");
    if (has_azp && text_member(claims, "azp") != expected.client_id) return wrong("azp: is another client");
    return {};
}

// Rules 9 and 10; RFC 7519 4.1.5.
config_fault check_times(const boost::json::object& claims, const id_token_expectation& expected, std::int64_t now)
{
    const std::int64_t leeway = expected.leeway.count();
    const auto exp = date_member(claims, "exp"), iat = date_member(claims, "iat"), nbf = date_member(claims, "nbf");
    if (!exp) return wrong("exp: is missing or not a time");
    if (now >= *exp + leeway) return wrong("exp: is in the past; check the clocks");
    if (!iat) return wrong("iat: is missing or not a time");
    if (*iat > now + leeway) return wrong("iat: is in the future; check the clocks");
    if (claims.contains("nbf") && (!nbf || *nbf > now + leeway)) return wrong("nbf: is in the future or not a time");
    const auto auth_time = date_member(claims, "auth_time");
    if (claims.contains("auth_time") && !auth_time) return wrong("auth_time: is not a time");
    if (auth_time && *auth_time > now + leeway) return wrong("auth_time: is in the future; check the clocks");
    if (!expected.max_age) return {};
    if (!auth_time) return wrong("auth_time: is missing, and max_age was asked for");
    if (now - *auth_time > expected.max_age->count() + leeway)
        return wrong("auth_time: the user signed in longer ago than max_age");
    return {};
}

config_fault check_hash(const boost::json::object& claims, const char* name, const std::string& expected, bool required)
{
    if (!claims.contains(name)) return required ? wrong(std::string(name) + ": is missing") : config_fault();
    if (text_member(claims, name) != expected) return wrong(std::string(name) + ": belongs to something else");
    return {};
}

} // namespace

config_fault check_id_token(const boost::json::object& claims, const id_token_expectation& expected,
                            std::chrono::system_clock::time_point now)
{
    if (text_member(claims, "iss") != expected.issuer) return wrong("iss: is another issuer");
    const std::string sub = text_member(claims, "sub");
    if (sub.empty() || sub.size() > 255) return wrong("sub: is missing, or longer than 255 characters");
    if (auto fault = check_audience(claims, expected)) return fault;
    if (auto fault = check_times(claims, expected, numeric_date(now))) return fault;
    // Rule 11. One that was not asked for belongs to somebody else's sign-in.
    if (text_member(claims, "nonce") != expected.nonce || (expected.nonce.empty() && claims.contains("nonce")))
        return wrong("nonce: is not the one that was sent");
    if (!expected.at_hash.empty())
        if (auto fault = check_hash(claims, "at_hash", expected.at_hash, expected.hashes_required)) return fault;
    if (!expected.c_hash.empty())
        if (auto fault = check_hash(claims, "c_hash", expected.c_hash, expected.hashes_required)) return fault;
    return {};
}

std::string session_claims(const boost::json::object& original)
{
    boost::json::object kept;
    for (const char* name : {"iss", "sub", "aud", "azp", "auth_time", "nonce"})
        if (const auto* v = original.if_contains(name)) kept[name] = *v;
    return boost::json::serialize(kept);
}

config_fault check_refreshed_id_token(const boost::json::object& original, const boost::json::object& is_new,
                                      std::chrono::system_clock::time_point now)
{
    for (const char* name : {"iss", "sub"})
        if (text_member(is_new, name) != text_member(original, name))
            return wrong(std::string(name) + ": is not that of the original ID token");
    auto had = audiences_of(original), has = audiences_of(is_new);
    std::sort(had.begin(), had.end());
    std::sort(has.begin(), has.end());
    if (had != has) return wrong("aud: is not that of the original ID token");
    for (const char* name : {"auth_time", "azp"}) {
        const auto* before = original.if_contains(name);
        const auto* after = is_new.if_contains(name);
        if (before && after && !(*before == *after))
            return wrong(std::string(name) + ": is not that of the original ID token");
    }
    if (original.contains("azp") != is_new.contains("azp")) return wrong("azp: is not that of the original ID token");
    // A chain that began with a refresh token alone knows a refreshed one as the first, which may have left it out.
    if (original.contains("nonce") && is_new.contains("nonce") &&
        text_member(is_new, "nonce") != text_member(original, "nonce"))
        return wrong("nonce: is not that of the original ID token");
    const auto iat = date_member(is_new, "iat");
    if (!iat || *iat > numeric_date(now) + 60) return wrong("iat: is missing, or in the future");
    return {};
}

} // namespace afresh::core
