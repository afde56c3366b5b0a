#include "cli/config/configuration.hpp"

#include "cli/config/object_reader.hpp"
#include "cli/config/places.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace afresh::cli {
namespace {

secret_place read_secret_place(const located& v, const std::string& where)
{
    // What stands in a file that is read, copied and shown is no secret any more.
    if (v.type == located::kind::text)
        throw located_error(v.line, where + R"(: a secret does not stand here; write {"file": "/path"}, )"
                                            R"({"env": "NAME"}, {"command": ["program", "argument"]} or )"
                                            R"({"credential": "name"} (systemd's LoadCredential))");
    object_reader o(v, where);
    secret_place p;
    const auto take = [&](const char* name, secret_place::kind k) {
        std::string text;
        o.text(name, text);
        if (text.empty()) return;
        if (p) o.fail(v.line, "is given in two ways");
        p.type = k;
        p.name = std::move(text);
    };
    take("file", secret_place::kind::file);
    take("env", secret_place::kind::environment);
    take("credential", secret_place::kind::credential);
    o.texts("command", p.command);
    if (!p.command.empty() && std::exchange(p.type, secret_place::kind::command) != secret_place::kind::none)
        o.fail(v.line, "is given in two ways");
    o.finish();
    if (!p) o.fail(v.line, "names no file, env, command or credential");
    return p;
}

void read_tls(object_reader& in, const std::string& where, profile& p)
{
    const located* const v = in.find("tls");
    if (!v) return;
    object_reader o(*v, where + ".tls");
    o.text("trust_roots_file", p.trust_roots_file);
    o.text("certificate_chain_file", p.certificate_chain_file);
    o.text("private_key_file", p.certificate_key_file);
    o.finish();
    if (p.certificate_chain_file.empty() != p.certificate_key_file.empty())
        o.fail(v->line, "certificate_chain_file and private_key_file go together");
}

// What belongs to a grant is there if, and only if, the profile has that grant. Null: neither is.
const located* find_settings_of(const std::string& grant, object_reader& in, const profile& p)
{
    const located* const v = in.find(grant);
    if ((v != nullptr) != (p.grant == grant))
        in.fail(v ? v->line : p.line, "\"grant\": \"" + grant + "\" and " + grant + " go together");
    return v;
}

void read_jwt_bearer(object_reader& in, const std::string& where, profile& p)
{
    const located* const v = find_settings_of("jwt_bearer", in, p);
    if (!v) return;
    object_reader o(*v, where + ".jwt_bearer");
    jwt_bearer_settings& j = p.jwt_bearer;
    if (const located* const a = o.find("assertion"))
        j.assertion = read_secret_place(*a, where + ".jwt_bearer.assertion");
    o.text("key_file", j.key_file);
    o.text("signing_algorithm", j.signing_algorithm);
    o.text("key_id", j.key_id);
    o.text("issuer", j.issuer);
    o.text("subject", j.subject);
    o.text("audience", j.audience);
    o.text("scope", j.scope);
    o.finish();
    if (bool(j.assertion) != j.key_file.empty())
        o.fail(v->line, "needs a key_file, to sign assertions with, or an assertion of somebody else's");
}

void read_token_exchange(object_reader& in, const std::string& where, profile& p)
{
    const located* const v = find_settings_of("token_exchange", in, p);
    if (!v) return;
    object_reader o(*v, where + ".token_exchange");
    token_exchange_settings& t = p.token_exchange;
    o.text("subject", t.subject);
    if (const located* const s = o.find("subject_token"))
        t.subject_token = read_secret_place(*s, where + ".token_exchange.subject_token");
    o.text("subject_token_type", t.subject_token_type);
    o.text("requested_token_type", t.requested_token_type);
    o.text("audience", t.audience);
    o.finish();
    if (bool(t.subject_token) != t.subject.empty())
        o.fail(v->line, "needs a subject, which is another profile, or a subject_token of somebody else's");
}

void check(const object_reader& o, const profile& p)
{
    const auto needs = [&](bool there, const char* what) {
        if (!there) o.fail(p.line, what);
    };
    needs(!p.client_id.empty(), "has no client_id");
    needs(!p.issuer.empty() || !p.token_endpoint.empty(), "has neither issuer nor token_endpoint");
    const bool by_secret = p.client_authentication.starts_with("client_secret");
    needs(!by_secret || p.client_secret, "has no client_secret, which its client_authentication needs");
    needs(by_secret || !p.client_secret,
          "has a client_secret that is not used; write client_authentication, such as client_secret_basic");
    const bool by_key = p.client_authentication == "private_key_jwt";
    needs(!by_key || !p.private_key_file.empty(), "has no private_key_file, which private_key_jwt needs");
    needs(by_key || p.private_key_file.empty(), "has a private_key_file; write client_authentication: private_key_jwt");
    const bool by_certificate = p.client_authentication.ends_with("tls_client_auth");
    needs(!by_certificate || !p.certificate_chain_file.empty(),
          "has no tls.certificate_chain_file, which its client_authentication needs");
    needs(p.grant != "client_credentials" || p.client_authentication != "none",
          "has the grant client_credentials, which needs a client_authentication (RFC 6749 4.4)");
    needs(p.grant == "refresh_token" || !p.refresh_token, "has a refresh_token, and another grant");
}

profile read_profile(const located_member& m)
{
    const std::string where = "profiles." + m.name;
    object_reader o(m.value, where);
    profile p;
    p.name = m.name;
    p.line = m.line;
    o.text("issuer", p.issuer);
    o.text("token_endpoint", p.token_endpoint);
    o.text("revocation_endpoint", p.revocation_endpoint);
    o.text("client_id", p.client_id);
    o.word("client_authentication", p.client_authentication,
           {"none", "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
            "tls_client_auth", "self_signed_tls_client_auth"});
    if (const located* const v = o.find("client_secret"))
        p.client_secret = read_secret_place(*v, where + ".client_secret");
    o.text("private_key_file", p.private_key_file);
    o.text("signing_algorithm", p.signing_algorithm);
    o.text("key_id", p.key_id);
    o.flag("dpop", p.dpop);
    o.word("grant", p.grant, {"refresh_token", "client_credentials", "jwt_bearer", "token_exchange"});
    read_jwt_bearer(o, where, p);
    read_token_exchange(o, where, p);
    if (const located* const v = o.find("refresh_token"))
        p.refresh_token = read_secret_place(*v, where + ".refresh_token");
    o.text("scope", p.scope);
    o.text("resource", p.resource);
    o.texts("origins", p.origins);
    o.text("redirect_path", p.redirect_path);
    read_tls(o, where, p);
    o.finish();
    check(o, p);
    return p;
}

// One exchange after another is more than anybody needs, and might go in a circle.
void check_subjects(const std::vector<profile>& all)
{
    for (const profile& p : all) {
        const std::string& subject = p.token_exchange.subject;
        const auto of = std::find_if(all.begin(), all.end(), [&](const profile& o) { return o.name == subject; });
        if (!subject.empty() && (of == all.end() || of->grant == "token_exchange"))
            throw located_error(p.line, "profiles." + p.name +
                                            ".token_exchange: subject is no other profile, or exchanges tokens itself");
    }
}

route_settings read_route(const located& v, const std::string& where, const std::vector<profile>& profiles)
{
    object_reader o(v, where);
    route_settings r;
    o.text("listen", r.listen);
    o.text("target", r.target);
    o.text("profile", r.profile);
    o.count("body_limit", r.body_limit, 0, 1024 * 1024 * 1024);
    o.count("connections", r.connections, 1, 100'000);
    o.count("timeout", r.timeout, 0, 86'400);
    o.texts("web_origins", r.web_origins);
    o.finish();
    if (r.listen.empty()) o.fail(v.line, "has no listen: an address such as 127.0.0.1:8080, or unix:/path");
    if (!r.target.starts_with("https://") && !r.target.starts_with("http://"))
        o.fail(v.line, "has no target: the URL of the API");
    if (r.target.find_first_of("?#") != std::string::npos) o.fail(v.line, "target has a query or a fragment");
    if (r.profile.empty() && profiles.size() == 1) r.profile = profiles.front().name;
    const bool known =
        std::any_of(profiles.begin(), profiles.end(), [&](const profile& p) { return p.name == r.profile; });
    if (!known) o.fail(v.line, "profile is none of the profiles of this file");
    return r;
}

request_log log_of(const std::string& word)
{
    if (word == "none") return request_log::none;
    return word == "all" ? request_log::all : request_log::failed;
}

gateway_settings read_gateway(const located& v, const std::vector<profile>& profiles)
{
    object_reader o(v, "gateway");
    gateway_settings g;
    o.text("status", g.status);
    o.text("tokens", g.tokens);
    if (!g.tokens.empty() && !g.tokens.starts_with("unix:") && !g.tokens.starts_with("systemd:"))
        o.fail(v.line, "tokens must be a UNIX socket, unix:/path: who may open that file may have the tokens");
    o.texts("allow_users", g.allow_users);
    o.texts("hosts", g.hosts);
    for (const std::string& h : g.hosts)
        if (h.empty() || h.find_first_of(":/*") != std::string::npos)
            o.fail(v.line, "hosts are names such as api.example.com, without scheme, port and wildcards: not " + h);
    o.count("threads", g.threads, 1, 256);
    o.word("log", g.log, {"text", "json"});
    std::string requests = "failed";
    o.word("log_requests", requests, {"none", "failed", "all"});
    o.flag("unsafe_listen", g.unsafe_listen);
    const located* const all = o.find("routes");
    if (all && all->type != located::kind::list) o.fail(all->line, "routes must be a list: [ ... ]");
    if ((!all || all->items.empty()) && g.tokens.empty())
        o.fail(v.line, "has no routes: \"routes\": [{\"listen\": ..., \"target\": ..., \"profile\": ...}]");
    for (std::size_t i = 0; all && i < all->items.size(); ++i) {
        g.routes.push_back(read_route(all->items[i], "gateway.routes[" + std::to_string(i) + "]", profiles));
        g.routes.back().log = log_of(requests);
    }
    o.finish();
    return g;
}

} // namespace

configuration parse_configuration(std::string_view text, const std::string& path)
{
    try {
        const located root = parse_located(text);
        object_reader o(root, "");
        configuration all;
        all.path = path;
        o.text("store", all.store);
        std::string schema;
        o.text("$schema", schema); // an editor's
        const located* const profiles = o.find("profiles");
        if (!profiles || profiles->type != located::kind::object || profiles->members.empty())
            o.fail(profiles ? profiles->line : root.line, "there are no profiles: \"profiles\": {\"name\": { ... }}");
        for (const located_member& m : profiles->members) all.profiles.push_back(read_profile(m));
        check_subjects(all.profiles);
        if (const located* const g = o.find("gateway")) all.gateway = read_gateway(*g, all.profiles);
        o.finish();
        return all;
    } catch (const located_error& e) {
        throw configuration_error(path + ":" + std::to_string(e.line) + ": " + e.what());
    }
}

configuration read_configuration(std::string path)
{
    if (path.empty()) path = default_configuration();
    std::ifstream in(path, std::ios::binary);
    if (!in)
        throw configuration_error(path + ": " + std::strerror(errno) +
                                  "; write one as docs/command.md has it, or name another with --config");
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    configuration all = parse_configuration(text, path);
    if (all.store.empty()) all.store = default_store();
    return all;
}

const profile& find_profile(const configuration& all, const std::string& name)
{
    if (name.empty() && all.profiles.size() == 1) return all.profiles.front();
    std::string names;
    for (const profile& p : all.profiles) {
        if (p.name == name) return p;
        (names += names.empty() ? "" : ", ") += p.name;
    }
    if (name.empty()) throw configuration_error(all.path + ": has several profiles; name one: " + names);
    throw configuration_error(all.path + ": has no profile \"" + name + "\"; it has " + names);
}

} // namespace afresh::cli
