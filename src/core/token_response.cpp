#include "core/token_response.hpp"

#include "core/evidence.hpp"
#include "core/text.hpp"
#include "core/token_json.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>

namespace afresh::core {
namespace {

using kind = token_json::kind;

enum class error_class {
    none, // not an OAuth error: the status decides
    refused,
    misconfigured,
    doubtful, // misconfigured, and in doubt
    invalid_request,
    slow_down,
    server_trouble,
};

// RFC 6749 5.2 and its extensions, and how two large servers spell `invalid_grant`.
error_class known_error(std::string_view code) noexcept
{
    struct row {
        std::string_view code;
        error_class means;
    };
    static constexpr std::array<row, 15> table{{
        {"invalid_grant", error_class::refused},
        {"bad_refresh_token", error_class::refused},     // GitHub
        {"invalid_refresh_token", error_class::refused}, // Slack
        {"invalid_client", error_class::misconfigured},
        {"unauthorized_client", error_class::misconfigured},
        {"unsupported_grant_type", error_class::misconfigured},
        {"invalid_scope", error_class::misconfigured},
        {"invalid_dpop_proof", error_class::misconfigured},       // RFC 9449 5
        {"use_dpop_nonce", error_class::misconfigured},           // RFC 9449 8; only a request without proof gets here
        {"invalid_target", error_class::doubtful},                // RFC 8707 2; oidc-provider consumes first
        {"invalid_authorization_details", error_class::doubtful}, // RFC 9396 5
        {"invalid_request", error_class::invalid_request},
        {"slow_down", error_class::slow_down}, // RFC 8628 3.5
        {"server_error", error_class::server_trouble},
        {"temporarily_unavailable", error_class::server_trouble},
    }};
    const auto found = std::find_if(table.begin(), table.end(), [&](const row& r) { return r.code == code; });
    return found == table.end() ? error_class::none : found->means;
}

// Frameworks and gateways answer {"status":401,"error":"Unauthorized"}: the name of the status, not an OAuth error.
// OAuth's own codes, registered ones and extensions, are words of lower case joined by underscores.
bool names_a_status(std::string_view code) noexcept
{
    static constexpr std::array<std::string_view, 5> lower_case{"unauthorized", "forbidden", "not_found", "bad_request",
                                                                "too_many_requests"};
    return std::any_of(code.begin(), code.end(), [](char c) { return c == ' ' || (c >= 'A' && c <= 'Z'); }) ||
           std::find(lower_case.begin(), lower_case.end(), code) != lower_case.end();
}

error_class classify_error(const token_json& json, unsigned status) noexcept
{
    // Only JSON in good order can say something as final as `invalid_grant`.
    if (!json.well_formed() || json.type(member::error) != kind::text) return error_class::none;
    const std::string_view code = json.text(member::error);
    if (const auto known = known_error(code); known != error_class::none) return known;
    // "Any other OAuth error" says "not consumed", which nobody may conclude from a 5xx.
    return status >= 500 || names_a_status(code) ? error_class::none : error_class::misconfigured;
}

bool is_json_type(std::string_view content_type)
{
    std::string_view type = content_type.substr(0, content_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
    if (iequals(type, "application/json")) return true;
    constexpr std::string_view prefix = "application/", suffix = "+json"; // RFC 6839 3.1
    return type.size() > prefix.size() + suffix.size() && iequals(type.substr(0, prefix.size()), prefix) &&
           iequals(type.substr(type.size() - suffix.size()), suffix);
}

// All that is not a positive, finite number of seconds is "unknown" (A15 to A17). Clamped as a double: 1e300 does not
// fit any integer, and std::chrono does not check.
std::optional<std::chrono::seconds> lifetime(const token_json& json, member of)
{
    constexpr double ten_years = 10 * 365 * 86400.0;
    double seconds = 0;
    if (json.type(of) == kind::number)
        seconds = json.number(of);
    else if (json.type(of) == kind::text) {
        const std::string_view text = json.text(of);
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    }
    if (!std::isfinite(seconds) || seconds < 1) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(std::floor(std::min(seconds, ten_years))));
}

error_code cause_of(verdict v) noexcept
{
    switch (v) {
    case verdict::ok: return {};
    case verdict::quarantined: return errc::malformed_response;
    case verdict::refused: return errc::sign_in_required;
    case verdict::misconfigured:
    case verdict::doubtful_misconfigured: return errc::misconfigured;
    case verdict::not_sent:
    case verdict::throttled:
    case verdict::in_doubt:
    case verdict::unauthorized:
    case verdict::invalid_request: // the machine makes it `misconfigured` when it comes again and again
    case verdict::transient: return errc::temporarily_unavailable;
    }
    return errc::temporarily_unavailable;
}

void conclude(token_response& out, verdict v, bool after_5xx = false)
{
    out.outcome = v;
    out.after_5xx = after_5xx;
    out.cause = cause_of(v);
}

// A 2xx (RFC 6749 5.1). I5: whatever is wrong with it, a refresh token in it is kept, since it may be the only one
// alive.
void read_success(token_response& out, const token_json& json, bool json_type, const grant& grant,
                  std::string_view wanted_type, const evidence& clean)
{
    const std::string_view refresh_token = json.text(member::refresh_token);
    // What was salvaged from broken JSON must at least look like one (RFC 6749 A.17).
    if (json.well_formed() || is_vschar(refresh_token)) out.refresh_token = refresh_token;
    const kind rotation = json.type(member::refresh_token);
    const bool clear_about_refresh_token = rotation == kind::text || rotation == kind::absent;
    const bool sound = json_type && json.well_formed() && clear_about_refresh_token &&
                       json.type(member::access_token) == kind::text && json.type(member::error) != kind::text;
    if (!sound && out.refresh_token.empty()) {
        conclude(out, verdict::in_doubt);
        out.cause = errc::malformed_response;
        return;
    }

    // RFC 6749 5.1: an omitted scope is the one requested. Some servers send "".
    const std::string_view scope = json.text(member::scope);
    if (scope.empty())
        out.scope = grant.scope();
    else
        out.scope = is_scope(scope) ? std::string(scope) : printable(scope, scope.size());

    // RFC 6749 7.1: an unknown type must not be used. Nor a token that is not bound to the key though it was to be (RFC 9449
    // 5, FAULTS B14), or to a key that was not named.
    const bool as_wanted = iequals(json.text(member::token_type), wanted_type);
    out.token_type = as_wanted ? std::string(wanted_type) : clean(json.text(member::token_type), 64);
    // RFC 6750 2.1: nothing else can go into the header (B5).
    if (!sound || !as_wanted || !is_b64token(json.text(member::access_token)))
        return conclude(out, verdict::quarantined);
    out.access_token = json.text(member::access_token);
    out.id_token = json.text(member::id_token);
    out.expires_in = lifetime(json, member::expires_in);
    out.refresh_expires_in = lifetime(json, member::refresh_token_expires_in);
    if (!out.refresh_expires_in) out.refresh_expires_in = lifetime(json, member::refresh_expires_in);
    conclude(out, verdict::ok);
}

// No tokens and no OAuth error: the status is all there is.
void read_status(token_response& out, const token_json& json, const client_registration& registration)
{
    const unsigned status = out.said.http_status;
    const auto& refused = registration.refused_statuses();
    if (status >= 500 && status <= 599)
        conclude(out, verdict::in_doubt, true);
    else if (status < 400 || status > 499 || json.contradictory())
        conclude(out, verdict::in_doubt);
    else if (std::find(refused.begin(), refused.end(), status) != refused.end())
        conclude(out, verdict::refused);
    else
        conclude(out, status == 401 ? verdict::unauthorized : verdict::transient);
}

void read_answer(token_response& out, const token_json& json, bool json_type, const client_registration& registration,
                 const grant& grant, std::string_view wanted_type, bool asks_to_wait, const evidence& clean)
{
    const unsigned status = out.said.http_status;
    const bool success = status >= 200 && status <= 299;
    if (status == 429 || (status == 503 && asks_to_wait)) return conclude(out, verdict::throttled);
    if (status >= 300 && status <= 399) return conclude(out, verdict::in_doubt);
    // A success with an `error` and tokens says both; the tokens are then looked at, and not trusted.
    const bool tokens = json.type(member::access_token) == kind::text || json.type(member::refresh_token) == kind::text;
    switch (success && tokens ? error_class::none : classify_error(json, status)) {
    case error_class::refused: return conclude(out, verdict::refused);
    case error_class::misconfigured: return conclude(out, verdict::misconfigured);
    case error_class::doubtful: return conclude(out, verdict::doubtful_misconfigured);
    case error_class::invalid_request: return conclude(out, verdict::invalid_request);
    case error_class::slow_down: return conclude(out, verdict::throttled);
    case error_class::server_trouble: return conclude(out, verdict::in_doubt, true);
    case error_class::none: break;
    }
    if (success)
        read_success(out, json, json_type, grant, wanted_type, clean);
    else
        read_status(out, json, registration);
}

void nothing_to_lose(token_response& out)
{
    switch (out.outcome) {
    case verdict::in_doubt:
        out.outcome = verdict::transient; // and the cause stays
        out.after_5xx = false;
        break;
    case verdict::refused:
    case verdict::unauthorized:
    case verdict::doubtful_misconfigured: conclude(out, verdict::misconfigured); break;
    default: break;
    }
}

} // namespace

token_response parse_token_response(const transport_outcome& outcome, const client_registration& registration,
                                    const grant& grant, std::chrono::system_clock::time_point now,
                                    const secret_string& sent, const request_extras& extras)
{
    token_response out;
    if (outcome.ec)
        conclude(out, outcome.sent ? verdict::in_doubt : verdict::not_sent);
    else {
        const http_response& answer = outcome.response;
        const token_json json(answer.body());
        evidence clean(registration, json, {grant.token().reveal(), sent.reveal(), extras.assertion.reveal()});
        for (const auto& p : extras.further) clean.hide(p.value);
        clean.hide(extras.proof);
        out.said = clean.said(answer, json, now);
        const bool json_type = is_json_type(answer.fields().find("Content-Type"));
        const char* const wanted_type = extras.proof.empty() ? "Bearer" : "DPoP";
        read_answer(out, json, json_type, registration, grant, wanted_type, out.said.retry_after.has_value(), clean);
    }
    if (!grant.spends()) nothing_to_lose(out);
    return out;
}

} // namespace afresh::core
