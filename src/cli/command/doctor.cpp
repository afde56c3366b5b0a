#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/config/grant_of.hpp"
#include "cli/config/secret.hpp"
#include "cli/config/setup.hpp"
#include "cli/show/status_text.hpp"
#include "cli/show/terminal.hpp"

#include <afresh/http_client.hpp>
#include <afresh/provider.hpp>

#include <CLI/CLI.hpp>

#include <boost/asio/this_coro.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

using std::chrono::seconds;

enum class verdict { good, doubtful, bad };

struct finding {
    verdict how;
    std::string what;
    std::string remedy; // empty: none is needed
};

// What was found, in the order in which it was looked for.
class findings {
public:
    void good(std::string what) { all_.push_back({verdict::good, std::move(what), {}}); }
    void doubtful(std::string what, std::string remedy)
    {
        all_.push_back({verdict::doubtful, std::move(what), std::move(remedy)});
    }
    void bad(std::string what, std::string remedy)
    {
        all_.push_back({verdict::bad, std::move(what), std::move(remedy)});
    }
    bool any_bad() const
    {
        return std::any_of(all_.begin(), all_.end(), [](const finding& f) { return f.how == verdict::bad; });
    }
    const std::vector<finding>& all() const noexcept { return all_; }

private:
    std::vector<finding> all_;
};

bool has(const std::vector<std::string>& all, const std::string& one)
{
    return std::find(all.begin(), all.end(), one) != all.end();
}

void check_secrets(const profile& p, findings& out)
{
    for (const secret_place* s : {&p.client_secret, &p.refresh_token}) {
        if (!*s) continue;
        const std::string name = s == &p.client_secret ? "client_secret" : "refresh_token";
        try {
            read_secret(*s);
            out.good(name + " can be read");
        } catch (const std::exception& e) {
            out.bad(name + ": " + e.what(), "correct where the profile says that it is");
        }
    }
}

// Whether there is a way to speak to anybody.
bool check_tls_files(const profile& p, findings& out)
{
    try {
        (void)make_http_transport(tls_of(p));
    } catch (const boost::system::system_error& e) {
        out.bad(words_of(e), "correct where the profile says that it is");
        return false;
    }
    return true;
}

void check_metadata(const profile& p, const server_metadata& m, findings& out)
{
    // RFC 8414 2: if it says nothing, it takes client_secret_basic.
    auto methods = m.token_endpoint_auth_methods_supported;
    if (methods.empty()) methods.push_back("client_secret_basic");
    if (has(methods, p.client_authentication))
        out.good("the server takes " +
                 (p.client_authentication == "none" ? "clients that prove nothing (none)" : p.client_authentication));
    else {
        std::string all;
        for (const std::string& one : methods) (all += all.empty() ? "" : ", ") += one;
        out.bad("the server does not take client_authentication " + p.client_authentication, "it takes " + all);
    }
    if (!m.grant_types_supported.empty() && !has(m.grant_types_supported, grant_type_of(p)))
        out.bad("the server does not know the grant " + grant_type_of(p), "ask whoever runs it for another");
    if (p.grant == "refresh_token" && !m.scopes_supported.empty() && has(m.scopes_supported, "offline_access") &&
        p.scope.find("offline_access") == std::string::npos)
        out.doubtful("scope has no offline_access, which this server knows",
                     "without it there may be no refresh token, and a sign-in ends with the access token");
    if (p.dpop && m.dpop_signing_alg_values_supported.empty())
        out.doubtful("the server says nothing of DPoP", "it may answer with Bearer tokens, which are then not used");
    if (m.revocation_endpoint.empty())
        out.doubtful("the server has no revocation_endpoint",
                     "afresh logout forgets the tokens, and they stay good until they expire");
}

// By the Date of an answer (RFC 9110 6.6.1), which tells whole seconds.
void check_clock(const http_response& answer, findings& out)
{
    std::tm t{};
    const std::string date(answer.fields().find("Date"));
    if (!::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &t)) return;
    const auto there = std::chrono::system_clock::from_time_t(::timegm(&t));
    const auto off = std::chrono::floor<seconds>(std::chrono::system_clock::now() - there).count();
    if (off > -5 && off < 5) return out.good("the clocks agree");
    const std::string text = std::to_string(std::abs(off)) + " s " + (off > 0 ? "ahead of" : "behind");
    const std::string remedy = "set the clock (timedatectl set-ntp true): assertions and ID tokens are refused";
    if (off > -60 && off < 60)
        out.doubtful("this clock is " + text + " the server's", remedy);
    else
        out.bad("this clock is " + text + " the server's", remedy);
}

std::string remedy_for(const error_code& ec)
{
    if (ec == errc::resolve_failed) return "check the name and the resolver: getent hosts";
    if (ec == errc::connect_failed || ec == errc::connect_timed_out)
        return "check the network, a firewall, or a proxy on the way";
    if (ec == errc::tls_failed) return "name the server's authority in tls.trust_roots_file, or correct the clock";
    if (ec == errc::invalid_metadata)
        return "write the issuer exactly as the server does, or give token_endpoint instead";
    return "ask whoever runs the server";
}

asio::awaitable<void> check_server(profile p, findings& out)
{
    http_client_options options;
    options.tls = tls_of(p);
    http_client client(co_await asio::this_coro::executor, options);
    const std::string url = p.issuer.empty() ? p.token_endpoint : p.issuer;
    std::optional<error_code> failed;
    std::string why;
    try {
        const http_response answer = co_await client.get(url);
        out.good(url + " can be reached");
        check_clock(answer, out);
    } catch (const boost::system::system_error& e) {
        failed = e.code();
        why = words_of(e);
    }
    client.close();
    if (failed) co_return out.bad(url + ": " + why, remedy_for(*failed));
    if (p.issuer.empty()) co_return;
    try {
        const server_metadata m = co_await discover(p.issuer, make_http_transport(tls_of(p)));
        out.good("its metadata is in order");
        check_metadata(p, m, out);
    } catch (const boost::system::system_error& e) {
        failed = e.code();
        why = words_of(e);
    }
    if (failed) out.bad("its metadata: " + why, remedy_for(*failed));
}

asio::awaitable<void> check_grant(configuration all, profile p, findings& out)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    try {
        const auto store = open_store(executor, all);
        std::string key = p.name;
        store_command load;
        const store_reply reply = co_await store->execute(std::move(key), std::move(load));
        if (reply.outcome == store_reply::status::failed)
            co_return out.bad("the store: " + reply.error_text, "repair it, or put a backup in its place");
        out.good("the store can be read");
        const bool needs_user = p.grant == "refresh_token" && !p.refresh_token;
        if (needs_user && (reply.record.refresh_token.empty() || reply.record.state != grant_state::live))
            out.bad("nobody is signed in", "afresh login " + p.name);
        if (!reply.record.last_cause.empty())
            out.doubtful("the last exchange failed: " + reply.record.last_cause,
                         "afresh token " + p.name + " says more");
    } catch (const std::exception& e) {
        out.bad(std::string("the store: ") + e.what(), "correct the store of the configuration, or its file");
    }
}

void print(const findings& found, const terminal& t)
{
    for (const finding& f : found.all()) {
        const tone colour = f.how == verdict::good ? tone::good : f.how == verdict::bad ? tone::bad : tone::warning;
        const char* const mark = f.how == verdict::good ? "ok" : f.how == verdict::bad ? "no" : "??";
        std::cout << t.paint(colour, mark) << "  " << f.what << '\n';
        if (!f.remedy.empty()) std::cout << "    " << f.remedy << '\n';
    }
}

void print_json(const findings& found)
{
    boost::json::array all;
    for (const finding& f : found.all()) {
        boost::json::object o;
        o["verdict"] = f.how == verdict::good ? "good" : f.how == verdict::bad ? "bad" : "doubtful";
        o["what"] = f.what;
        if (!f.remedy.empty()) o["remedy"] = f.remedy;
        all.push_back(o);
    }
    std::cout << boost::json::serialize(all) << '\n';
}

asio::awaitable<int> examine(common_options options)
{
    const configuration all = read_configuration(options.configuration);
    const profile p = find_profile(all, options.profile);
    findings found;
    found.good(all.path + " has no mistakes");
    check_secrets(p, found);
    if (check_tls_files(p, found)) co_await check_server(p, found);
    co_await check_grant(all, p, found);
    if (options.json)
        print_json(found);
    else
        print(found, terminal::detect());
    co_return found.any_bad() ? exit_config : exit_ok;
}

} // namespace

runner add_doctor(CLI::App& app, common_options& common)
{
    CLI::App& command =
        *app.add_subcommand("doctor", "Look for what keeps a profile from getting tokens, and say what to do");
    add_profile(command, common);
    return [&common] { return run_command(common, [&] { return examine(common); }); };
}

} // namespace afresh::cli
