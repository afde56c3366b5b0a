#include "core/authorization_request.hpp"

#include "core/client_form.hpp"
#include "core/strict_json.hpp"
#include "core/text.hpp"
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/url/decode_view.hpp>
#include <boost/url/pct_string_view.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace afresh::core {
namespace {

config_fault invalid(std::string text) { return {errc::invalid_argument, std::move(text)}; }

bool has_word(std::string_view list, std::string_view word) noexcept
{
    while (!list.empty()) {
        const auto space = list.find(' ');
        if (list.substr(0, space) == word) return true;
        list.remove_prefix(space == std::string_view::npos ? list.size() : space + 1);
    }
    return false;
}

constexpr std::array<std::string_view, 20> own_parameters{"client_id",
                                                          "redirect_uri",
                                                          "response_type",
                                                          "response_mode",
                                                          "scope",
                                                          "state",
                                                          "nonce",
                                                          "code_challenge",
                                                          "code_challenge_method",
                                                          "resource",
                                                          "prompt",
                                                          "login_hint",
                                                          "acr_values",
                                                          "max_age",
                                                          "authorization_details",
                                                          "request",
                                                          "request_uri",
                                                          "client_secret",
                                                          "client_assertion",
                                                          "dpop_jkt"};

// Nothing: a '%' that is not followed by two hexadecimal digits, or a character that must be escaped.
std::optional<std::string> form_decoded(std::string_view text)
{
    const auto escaped = boost::urls::make_pct_string_view({text.data(), text.size()});
    if (!escaped) return std::nullopt;
    boost::urls::encoding_opts options;
    options.space_as_plus = true;
    const boost::urls::decode_view decoded(*escaped, options);
    return std::string(decoded.begin(), decoded.end());
}

// application/x-www-form-urlencoded, each name once (RFC 6749 3.1). Nothing: it is not that.
std::optional<std::map<std::string, std::string>> read_form(std::string_view text)
{
    constexpr std::size_t longest = 64 * 1024;
    std::map<std::string, std::string> out;
    if (text.size() > longest) return std::nullopt;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        auto name = form_decoded(pair.substr(0, equals));
        auto value = form_decoded(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value || !out.emplace(*std::move(name), *std::move(value)).second) return std::nullopt;
    }
    return out;
}

std::string_view query_of(std::string_view callback) noexcept
{
    const auto mark = callback.find('?');
    if (callback.find("://") < mark || callback.starts_with('/'))
        callback = mark == std::string_view::npos ? std::string_view() : callback.substr(mark + 1);
    return callback.substr(0, callback.find('#'));
}

} // namespace

secret_string to_text(const kept_sign_in& kept)
{
    boost::json::object o;
    o["v"] = 1;
    o["issuer"] = kept.issuer;
    o["client_id"] = kept.client_id;
    o["redirect_uri"] = kept.redirect_uri;
    o["state"] = kept.state;
    o["nonce"] = kept.nonce;
    o["code_verifier"] = kept.code_verifier;
    o["started"] = kept.started;
    if (!kept.dpop_jkt.empty()) o["dpop_jkt"] = kept.dpop_jkt;
    if (!kept.dpop_key.empty()) o["dpop_key"] = kept.dpop_key.reveal();
    std::string text = boost::json::serialize(o);
    secret_string out(text);
    wipe(text);
    return out;
}

std::optional<kept_sign_in> read_kept(std::string_view text)
{
    const auto o = strict_object(text);
    const auto started = o ? date_member(*o, "started") : std::nullopt;
    if (!started) return std::nullopt;
    kept_sign_in kept{text_member(*o, "issuer"),
                      text_member(*o, "client_id"),
                      text_member(*o, "redirect_uri"),
                      text_member(*o, "state"),
                      text_member(*o, "nonce"),
                      text_member(*o, "code_verifier"),
                      *started,
                      text_member(*o, "dpop_jkt"),
                      secret_string(text_member(*o, "dpop_key"))};
    if (kept.state.empty() || kept.code_verifier.empty() || kept.issuer.empty()) return std::nullopt;
    return kept;
}

bool asks_for_id_token(const sign_in_options& options) noexcept { return has_word(options.scope, "openid"); }

config_fault check(const sign_in_options& options, const client_registration& client)
{
    if (client.issuer().empty()) return invalid("issuer: is empty; make the registration of what discover() found");
    if (auto fault = check_scope(options.scope)) return fault;
    if (options.hybrid && !asks_for_id_token(options))
        return invalid("hybrid: needs the scope openid (OpenID Connect Core 3.3)");
    if (options.limit < std::chrono::seconds(1) || options.limit > std::chrono::hours(24))
        return invalid("limit: is not between 1 s and 24 h");
    if (options.max_age && options.max_age->count() < 0) return invalid("max_age: is negative");
    for (const std::string& r : options.resources)
        if (auto fault = check_resource(r)) return fault;
    boost::system::error_code ec;
    if (!options.authorization_details.empty() &&
        (!boost::json::parse(options.authorization_details, ec).is_array() || ec))
        return invalid("authorization_details: is not a JSON array (RFC 9396 2)");
    // The implicit flow would show the access token to the browser and brings no refresh token.
    for (const http_field& p : options.parameters)
        if (iequals(p.name, "response_type")) return invalid("response_type: only code, or hybrid, is possible");
    return check_parameters(options.parameters, own_parameters);
}

parameters authorization_parameters(const sign_in_options& options, const kept_sign_in& kept,
                                    const std::string& code_challenge)
{
    parameters all;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) all.emplace_back(name, value);
    };
    add("client_id", kept.client_id);
    add("response_type", options.hybrid ? "code id_token" : "code");
    if (options.hybrid) add("response_mode", "form_post"); // a fragment never reaches a server
    add("redirect_uri", kept.redirect_uri);
    add("scope", options.scope);
    add("state", kept.state);
    add("nonce", kept.nonce);
    add("dpop_jkt", kept.dpop_jkt); // RFC 9449 10
    add("code_challenge", code_challenge);
    add("code_challenge_method", "S256");
    for (const std::string& r : options.resources) add("resource", r);
    add("authorization_details", options.authorization_details);
    add("prompt", options.prompt);
    add("login_hint", options.login_hint);
    add("acr_values", options.acr_values);
    if (options.max_age) add("max_age", std::to_string(options.max_age->count()));
    all.insert(all.end(), options.parameters.begin(), options.parameters.end());
    return all;
}

std::string request_object_claims(const parameters& all, const kept_sign_in& kept, std::string_view jti,
                                  std::int64_t now)
{
    boost::json::object o;
    boost::json::array resources;
    for (const http_field& p : all) {
        if (p.name == "resource")
            resources.emplace_back(p.value);
        else if (p.name == "max_age")
            o["max_age"] = std::stoll(p.value);
        else if (p.name == "authorization_details")
            o[p.name] = boost::json::parse(p.value);
        else
            o[p.name] = p.value;
    }
    if (resources.size() == 1) o["resource"] = resources.front();
    if (resources.size() > 1) o["resource"] = std::move(resources);
    o["iss"] = kept.client_id;
    o["aud"] = kept.issuer;
    o["jti"] = jti;
    o["iat"] = now;
    o["nbf"] = now;
    o["exp"] = now + 300;
    return boost::json::serialize(o);
}

std::string url_with(const std::string& endpoint, const parameters& all)
{
    std::string query;
    for (const http_field& p : all) append_pair(query, p.name, p.value);
    return endpoint + (endpoint.find('?') == std::string::npos ? '?' : '&') + query;
}

http_request form_of(const std::string& endpoint, const client_registration& client, const parameters& all,
                     const secret_string& assertion)
{
    http_request request = form_post(endpoint);
    std::size_t raw = assertion.size();
    for (const http_field& p : all) raw += p.name.size() + p.value.size() + 2;
    std::string form;
    form.reserve(form_room(client, raw));
    authenticate(request, form, client, assertion);
    const bool has_id = !form.empty(); // but Basic puts it into the header
    for (const http_field& p : all)
        if (p.name != "client_id" || !has_id) append_pair(form, p.name, p.value);
    request.body(std::move(form));
    return request;
}

authorization_response read_callback(std::string_view callback, const kept_sign_in& kept, bool hybrid,
                                     bool iss_required)
{
    authorization_response out;
    const auto wrong = [&](const char* why) {
        out = authorization_response();
        out.fault = {errc::invalid_callback, why};
        return out;
    };
    auto form = read_form(query_of(callback));
    if (!form) return wrong("the answer is no form, or says something twice (RFC 6749 3.1)");
    auto& f = *form;
    if (f.contains("response")) return wrong("response: a signed response was not asked for");
    // RFC 9207 2.4, before anything else is believed
    if (f.contains("iss") ? f["iss"] != kept.issuer : iss_required)
        return wrong(f.contains("iss") ? "iss: the answer is another server's (RFC 9207 2.4)"
                                       : "iss: is missing, and this server always says it (RFC 9207 2.4)");
    if (!(secret_string(f["state"]) == secret_string(kept.state)))
        return wrong("state: is not the one that was sent (RFC 6749 10.12)");
    if (f.contains("error")) {
        out.said.error = printable(f["error"], 64);
        out.said.error_description = printable(f["error_description"], 256);
        out.said.error_uri = printable(f["error_uri"], 256);
        out.fault = {errc::sign_in_refused, "the server answered " + out.said.error};
        return out;
    }
    if (f.contains("access_token")) return wrong("access_token: came through the browser, which was not asked for");
    if (f.contains("id_token") != hybrid)
        return wrong(hybrid ? "id_token: is missing" : "id_token: came through the browser, which was not asked for");
    if (f["code"].empty() || !is_vschar(f["code"])) return wrong("code: is missing (RFC 6749 4.1.2)");
    out.code = f["code"];
    out.id_token = f["id_token"];
    return out;
}

} // namespace afresh::core
