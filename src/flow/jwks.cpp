#include "flow/jwks.hpp"

#include "core/strict_json.hpp"
#include "crypto/base64.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <utility>

namespace afresh::detail {
namespace {

bool verifies(const boost::json::object& jwk)
{
    const std::string use = core::text_member(jwk, "use"); // RFC 7517 4.2
    if (!use.empty() && use != "sig") return false;
    const auto* ops = jwk.if_contains("key_ops"); // 4.3
    if (!ops || !ops->is_array()) return true;
    const auto& all = ops->get_array();
    return std::any_of(all.begin(), all.end(),
                       [](const auto& op) { return op.is_string() && op.get_string() == "verify"; });
}

std::optional<std::string> decoded(std::string_view part)
{
    const auto bytes = crypto::from_base64url(part);
    if (!bytes) return std::nullopt;
    return std::string(bytes->reveal());
}

} // namespace

std::optional<std::vector<verification_key>> read_jwks(std::string_view json, std::size_t most)
{
    const auto set = core::strict_object(json);
    const auto* list = set ? set->if_contains("keys") : nullptr;
    if (!list || !list->is_array()) return std::nullopt;
    std::vector<verification_key> keys;
    std::size_t seen = 0;
    for (const auto& entry : list->get_array()) {
        if (++seen > most) break;
        if (!entry.is_object() || !verifies(entry.get_object())) continue;
        auto key = crypto::key::public_from_jwk(entry.get_object());
        if (!key) continue; // RFC 7517 5: of a kind that is not known here
        keys.push_back({*std::move(key), core::text_member(entry.get_object(), "kid"),
                        core::text_member(entry.get_object(), "alg")});
    }
    return keys;
}

std::optional<signed_text> read_jws(std::string_view text, const std::vector<std::string>& algorithms, std::string& why)
{
    const auto first = text.find('.'), second = text.find('.', first + 1);
    const bool three = first != std::string_view::npos && second != std::string_view::npos &&
                       text.find('.', second + 1) == std::string_view::npos;
    const auto header = three ? decoded(text.substr(0, first)) : std::nullopt;
    const auto payload = three ? decoded(text.substr(first + 1, second - first - 1)) : std::nullopt;
    const auto signature = three ? decoded(text.substr(second + 1)) : std::nullopt;
    const auto members = header ? core::strict_object(*header) : std::nullopt;
    if (!members || !payload || !signature) {
        why = "it is not a signed JWT in compact form (RFC 7515 3.1)";
        return std::nullopt;
    }
    const std::string name = core::text_member(*members, "alg");
    const auto alg = crypto::algorithm_named(name);
    if (!alg || std::find(algorithms.begin(), algorithms.end(), name) == algorithms.end()) {
        why = "alg: is none of the algorithms that are allowed here (RFC 8725 3.1)";
        return std::nullopt;
    }
    if (members->contains("crit") || members->contains("b64")) {
        why = "crit: names an extension that is not understood (RFC 7515 4.1.11)";
        return std::nullopt;
    }
    if (members->contains("kid") && !members->at("kid").is_string()) {
        why = "kid: is not a text";
        return std::nullopt;
    }
    return signed_text{*alg, core::text_member(*members, "kid"), *payload, std::string(text.substr(0, second)),
                       *signature};
}

signature_verdict check_signature(const signed_text& text, const std::vector<verification_key>& keys)
{
    bool tried = false;
    for (const verification_key& k : keys) {
        if (!text.kid.empty() && k.kid != text.kid) continue;
        if (!crypto::fits(text.alg, k.key.type()) || (!k.alg.empty() && k.alg != crypto::name_of(text.alg))) continue;
        tried = true;
        if (crypto::verify(text.alg, k.key, text.input, text.signature)) return signature_verdict::good;
    }
    return tried ? signature_verdict::bad : signature_verdict::no_key;
}

} // namespace afresh::detail
