#include "simulation/world/authorization_server.hpp"

#include <charconv>
#include <utility>

namespace simulation {
namespace {

token_id number_in(std::string_view text, std::string_view prefix, std::size_t size)
{
    token_id id = no_token;
    if (text.substr(0, prefix.size()) != prefix) return no_token;
    text.remove_prefix(prefix.size());
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), id);
    const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
    return ec == std::errc{} && rest == "-secret" && id >= 0 && static_cast<std::size_t>(id) < size ? id : no_token;
}

afresh::http_fields json_fields()
{
    afresh::http_fields fields;
    fields.add("Content-Type", "application/json");
    fields.add("Cache-Control", "no-store");
    return fields;
}

} // namespace

token_id authorization_server::find_refresh(std::string_view text) const
{
    return number_in(text, "R-", refresh_.size());
}
token_id authorization_server::find_access(std::string_view text) const
{
    return number_in(text, "A-", access_.size());
}

token_id authorization_server::presented(std::string_view body, const authorization_server& server)
{
    constexpr std::string_view name = "refresh_token=R-";
    const auto begin = body.find(name);
    if (begin == std::string_view::npos) return no_token;
    const auto from = begin + name.size() - 2;
    return server.find_refresh(body.substr(from, body.find('&', from) - from));
}

token_id authorization_server::mint_refresh(std::uint32_t family, token_id parent)
{
    const auto id = static_cast<token_id>(refresh_.size());
    refresh_.push_back({"R-" + std::to_string(id) + "-secret", family, parent, no_token, {}, false});
    return id;
}

token_id authorization_server::mint_access(std::uint32_t family, virtual_time now)
{
    const auto id = static_cast<token_id>(access_.size());
    const bool told = habits.lifetime.count() > 0 && (habits.expires_in == server_habits::form::number ||
                                                      habits.expires_in == server_habits::form::text ||
                                                      habits.expires_in == server_habits::form::fraction);
    access_entry e{"A-" + std::to_string(id) + "-secret", family, {}, {}, false, false};
    if (told) e.told = habits.lifetime;
    e.expires_at = now + (told ? habits.lifetime : habits.untold_lifetime);
    access_.push_back(std::move(e));
    return id;
}

authorization_server::sign_in_result authorization_server::sign_in(virtual_time now)
{
    const auto family = static_cast<std::uint32_t>(revoked_.size());
    revoked_.push_back(false);
    const token_id refresh = mint_refresh(family, no_token);
    return {refresh, mint_access(family, now)};
}

std::string authorization_server::expires_in() const
{
    using form = server_habits::form;
    const std::string seconds = std::to_string(habits.lifetime.count());
    switch (habits.expires_in) {
    case form::number: return ",\"expires_in\":" + seconds;
    case form::text: return ",\"expires_in\":\"" + seconds + '"';
    case form::fraction: return ",\"expires_in\":" + seconds + ".75";
    case form::missing: return {};
    case form::null: return ",\"expires_in\":null";
    case form::negative: return ",\"expires_in\":-1";
    case form::huge: return ",\"expires_in\":1e400";
    }
    return {};
}

server_answer authorization_server::issue(token_id used, token_id successor, virtual_time now)
{
    const std::uint32_t family = refresh(used).family;
    if (habits.retires_access_tokens)
        for (auto& a : access_)
            if (a.family == family) a.revoked = true;
    server_answer out;
    out.success = true;
    out.refresh = successor;
    out.access = mint_access(family, now);
    access_entry& a = access_.back();
    a.unusable = chance_.chance(habits.hands_out_unusable);
    std::string body = "{\"access_token\":\"" + a.text + "\",\"token_type\":\"" + (a.unusable ? "mac" : "Bearer") + '"';
    body += expires_in();
    if (successor != no_token)
        body += ",\"refresh_token\":\"" + refresh(successor).text + '"';
    else
        switch (habits.silence) {
        case server_habits::unrotated::absent: break;
        case server_habits::unrotated::empty: body += ",\"refresh_token\":\"\""; break;
        case server_habits::unrotated::null: body += ",\"refresh_token\":null"; break;
        case server_habits::unrotated::same: body += ",\"refresh_token\":\"" + refresh(used).text + '"'; break;
        }
    body += '}';
    if (chance_.chance(habits.consumes_then_fails)) { // the database was written, the answer was not
        out.success = false;
        out.response = {500, json_fields(), "{\"error\":\"server_error\"}"};
    } else {
        out.response = {200, json_fields(), std::move(body)};
    }
    return out;
}

server_answer authorization_server::refuse(const char* code, token_id used, bool grant_refused)
{
    server_answer out;
    out.refused = grant_refused;
    if (grant_refused && habits.refuses_with_bare_401) {
        out.response = {401, {}, "Unauthorized"};
        return out;
    }
    std::string body = std::string("{\"error\":\"") + code + '"';
    if (habits.echoes_tokens && used != no_token)
        body += ",\"error_description\":\"token " + refresh(used).text + " is no good\"";
    out.response = {habits.errors_with_status_200 ? 200u : 400u, json_fields(), body + '}'};
    return out;
}

// Some look at the parameters only after the refresh token was spent.
server_answer authorization_server::misconfigured(token_id id, virtual_time now)
{
    const std::string& code = habits.error_instead;
    const bool parameter = code == "invalid_target" || code == "invalid_authorization_details";
    if (parameter && id != no_token && !refresh(id).used_at && habits.rule != reuse_rule::no_rotation &&
        chance_.chance(0.5))
        refresh_[static_cast<std::size_t>(id)].used_at = now;
    server_answer out = refuse(code.c_str(), no_token, false);
    out.doubtful = parameter || code == "server_error" || code == "temporarily_unavailable";
    return out;
}

server_answer authorization_server::token_request(const afresh::http_request& request, virtual_time now)
{
    const token_id id = presented(request.body(), *this);
    if (request.method() != "POST" || request.body().find("grant_type=refresh_token") == std::string::npos)
        return refuse("invalid_request", id, false);
    if (!habits.error_instead.empty()) return misconfigured(id, now);
    if (id == no_token || revoked_[refresh(id).family]) return refuse("invalid_grant", id, true);
    if (habits.rule == reuse_rule::no_rotation) return issue(id, no_token, now);
    if (refresh(id).used_at || refresh(id).dead) return reused(id, now);
    ++rotations;
    const token_id successor = mint_refresh(refresh(id).family, id);
    refresh_entry& r = refresh_[static_cast<std::size_t>(id)];
    r.used_at = now;
    r.successor = successor;
    return issue(id, successor, now);
}

server_answer authorization_server::reused(token_id id, virtual_time now)
{
    refresh_entry& r = refresh_[static_cast<std::size_t>(id)];
    if (habits.race_is_invalid_request && r.used_at && now - *r.used_at < std::chrono::seconds(1))
        return refuse("invalid_request", id, false);
    const bool in_grace = habits.rule != reuse_rule::strict && r.used_at && now - *r.used_at <= habits.grace && !r.dead;
    // "Immediate predecessor": nobody has used the successor yet.
    const bool previous = r.successor != no_token && !refresh(r.successor).used_at;
    if (in_grace && habits.rule == reuse_rule::same_successor && previous) return issue(id, r.successor, now);
    if (in_grace && habits.rule == reuse_rule::mint_many) return issue(id, mint_refresh(refresh(id).family, id), now);
    if (in_grace && habits.rule == reuse_rule::previous_grace && previous) {
        refresh_[static_cast<std::size_t>(r.successor)].dead = true;
        const token_id sibling = mint_refresh(refresh(id).family, id);
        refresh_[static_cast<std::size_t>(id)].successor = sibling;
        return issue(id, sibling, now);
    }
    ++reuse_events;
    revoke_family(r.family);
    server_answer out = refuse("invalid_grant", id, true);
    out.reused = true;
    return out;
}

bool authorization_server::accepts(token_id id, virtual_time now) const
{
    return id != no_token && !access(id).revoked && now < access(id).expires_at;
}

void authorization_server::revoke_access_tokens()
{
    for (auto& a : access_) a.revoked = true;
}

void authorization_server::steal(std::string_view refresh_token, virtual_time now)
{
    afresh::http_request request("POST", "https://as.example.com/token");
    request.body("grant_type=refresh_token&refresh_token=" + std::string(refresh_token));
    (void)token_request(request, now);
}

void authorization_server::revoke(std::string_view token)
{
    if (const token_id id = find_access(token); id != no_token) access_[static_cast<std::size_t>(id)].revoked = true;
    if (const token_id id = find_refresh(token); id != no_token) revoke_family(refresh(id).family);
}

void authorization_server::revoke_family(std::uint32_t family)
{
    revoked_[family] = true;
    for (auto& a : access_)
        if (a.family == family) a.revoked = true;
}

void authorization_server::revoke_grant()
{
    revoke_access_tokens();
    revoked_.assign(revoked_.size(), true);
}

} // namespace simulation
