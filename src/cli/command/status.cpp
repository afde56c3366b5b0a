#include "cli/command/commands.hpp"
#include "cli/command/exit_code.hpp"
#include "cli/command/token_text.hpp"
#include "cli/config/setup.hpp"
#include "cli/show/terminal.hpp"

#include <afresh/chain_record.hpp>

#include <CLI/CLI.hpp>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

using std::chrono::seconds;

// What is to be said of one profile.
struct line {
    std::string profile;
    std::string state; // a word
    tone colour = tone::plain;
    std::string more;
    double share = 0; // of the token's life that is left
    std::uint64_t generation{};
    std::optional<store_time> expires_at;
};

std::string in_words(seconds left)
{
    const auto n = left.count();
    if (n < 120) return std::to_string(n) + " s";
    if (n < 2 * 3600) return std::to_string(n / 60) + " min";
    return n < 2 * 86400 ? std::to_string(n / 3600) + " h" : std::to_string(n / 86400) + " days";
}

const stored_token* lasting_longest(const chain_record& r)
{
    const auto less = [](const stored_token& a, const stored_token& b) { return a.expires_at < b.expires_at; };
    const auto found = std::max_element(r.tokens.begin(), r.tokens.end(), less);
    return found == r.tokens.end() ? nullptr : &*found;
}

line with(line l, std::string state, tone colour, std::string more = {})
{
    l.state = std::move(state);
    l.colour = colour;
    l.more = std::move(more);
    return l;
}

line describe_live(line l, const profile& p, const store_reply& reply)
{
    const chain_record& r = reply.record;
    const stored_token* const t = lasting_longest(r);
    const bool renewable = !r.refresh_token.empty() || p.grant != "refresh_token";
    if (t) l.expires_at = t->expires_at;
    if (!t && !renewable) return with(std::move(l), "empty", tone::faint, "nobody has signed in");
    if (t && !t->expires_at) {
        l.share = 1;
        return with(std::move(l), "held", tone::good, "for an unknown time");
    }
    if (t && *t->expires_at > reply.now) {
        const auto left = std::chrono::floor<seconds>(*t->expires_at - reply.now);
        const auto whole = std::chrono::floor<seconds>(*t->expires_at - t->obtained_at);
        l.share = whole.count() > 0 ? static_cast<double>(left.count()) / static_cast<double>(whole.count()) : 1;
        l = with(std::move(l), "good", tone::good, in_words(left) + " left");
    } else if (renewable) {
        l = with(std::move(l), "asleep", tone::plain, "is renewed when somebody asks");
    } else {
        l = with(std::move(l), "expired", tone::bad, "and there is no refresh token: sign in again");
    }
    std::string trouble;
    if (r.intent.in_doubt) trouble += "; the last answer was lost";
    if (r.not_before > reply.now) trouble += "; waiting after: " + r.last_cause;
    if (!trouble.empty()) l.colour = tone::warning;
    l.more += trouble;
    return l;
}

line describe(const profile& p, const store_reply& reply)
{
    line l;
    l.profile = p.name;
    l.generation = reply.record.generation;
    if (reply.outcome == store_reply::status::failed) return with(std::move(l), "unknown", tone::bad, reply.error_text);
    switch (reply.record.state) {
    case grant_state::live: break;
    case grant_state::dead: return with(std::move(l), "refused", tone::bad, "sign in: afresh login " + p.name);
    case grant_state::signed_out: return with(std::move(l), "signed out", tone::faint);
    }
    return describe_live(std::move(l), p, reply);
}

std::string text_of(const std::vector<line>& lines, const terminal& t)
{
    std::size_t wide = 7;
    for (const line& l : lines) wide = std::max(wide, l.profile.size());
    std::string out;
    for (const line& l : lines) {
        std::string name = l.profile, state = l.state;
        name.resize(wide + 2, ' ');
        state.resize(std::max<std::size_t>(state.size(), 11), ' ');
        out += name + t.paint(l.colour, state) + t.bar(l.share, 20, l.colour) + "  " + l.more;
        if (l.generation > 0) out += t.paint(tone::faint, "  (generation " + std::to_string(l.generation) + ")");
        out += '\n';
    }
    return out;
}

std::string json_of(const std::vector<line>& lines)
{
    boost::json::array all;
    for (const line& l : lines) {
        boost::json::object o;
        o["profile"] = l.profile;
        o["state"] = l.state;
        if (!l.more.empty()) o["detail"] = l.more;
        o["generation"] = l.generation;
        if (l.expires_at) o["expires_at"] = rfc3339(*l.expires_at);
        all.push_back(o);
    }
    return boost::json::serialize(all) + "\n";
}

asio::awaitable<std::vector<line>> look(const configuration& all, const std::shared_ptr<token_store>& store)
{
    std::vector<line> lines;
    for (const profile& p : all.profiles) {
        std::string key = p.name;
        store_command load;
        const store_reply reply = co_await store->execute(std::move(key), std::move(load));
        lines.push_back(describe(p, reply));
    }
    co_return lines;
}

asio::awaitable<int> show(configuration all, bool watch, bool json)
{
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const auto store = open_store(executor, all);
    const terminal t = terminal::detect();
    asio::steady_timer timer(executor);
    for (std::size_t drawn = 0;;) {
        const std::vector<line> lines = co_await look(all, store);
        if (drawn > 0 && t.live && !json) std::cout << "\x1b[" << drawn << "A\x1b[J";
        std::cout << (json ? json_of(lines) : text_of(lines, t)) << std::flush;
        if (!watch) co_return exit_ok;
        drawn = lines.size();
        timer.expires_after(seconds(1));
        co_await timer.async_wait(asio::use_awaitable);
    }
}

} // namespace

runner add_status(CLI::App& app, common_options& common)
{
    CLI::App& command = *app.add_subcommand("status", "How the tokens of all profiles are; asks no server");
    const auto watch = std::make_shared<bool>();
    command.add_flag("--watch", *watch, "Look again each second");
    return [watch, &common] {
        return run_command(common, [&] { return show(read_configuration(common.configuration), *watch, common.json); });
    };
}

} // namespace afresh::cli
