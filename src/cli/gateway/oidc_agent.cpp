#include "cli/gateway/oidc_agent.hpp"

#include "cli/gateway/agent_channel.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

namespace afresh::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_message = 64 * 1024;

std::string failure(std::string_view why)
{
    json::object o;
    o["status"] = "failure";
    o["error"] = why;
    return json::serialize(o);
}

std::string text_in(const json::object& o, std::string_view name)
{
    const json::value* const v = o.if_contains(name);
    return v && v->is_string() ? std::string(v->get_string()) : std::string();
}

// Whose token is wanted: the account is the profile; or that of an issuer, or the only one.
sources_by_profile::const_iterator find_source(const gateway_state& g, const json::object& question)
{
    const std::string account = text_in(question, "account"), issuer = text_in(question, "issuer");
    if (!account.empty()) return g.sources.find(account);
    if (issuer.empty()) return g.sources.size() == 1 ? g.sources.begin() : g.sources.end();
    const auto of_issuer = std::find_if(g.issuers.begin(), g.issuers.end(), [&](const auto& i) {
        const std::size_t slash = i.second.ends_with('/') && !issuer.ends_with('/') ? 1 : 0;
        return i.second.substr(0, i.second.size() - slash) == issuer;
    });
    return of_issuer == g.issuers.end() ? g.sources.end() : g.sources.find(of_issuer->first);
}

asio::awaitable<std::string> token_answer(std::shared_ptr<const gateway_state> g, json::object question)
{
    if (!text_in(question, "scope").empty() || !text_in(question, "audience").empty())
        co_return failure("scope and audience are those of the profile, and not for the caller to choose");
    const auto found = find_source(*g, question);
    if (found == g->sources.end()) co_return failure("there is no such profile");
    const token_source tokens = found->second; // a reload may take it away
    const auto of = g->issuers.find(found->first);
    const std::string issuer = of == g->issuers.end() ? std::string() : of->second;
    const json::value* const v = question.if_contains("min_valid_period");
    const std::int64_t wanted = v && v->is_int64() ? v->get_int64() : 0;
    const std::chrono::seconds min_valid(std::clamp<std::int64_t>(wanted, 0, 86'400));
    std::string refused;
    try {
        const access_token token = co_await tokens.get(get_options().min_valid(min_valid));
        json::object o;
        o["status"] = "success";
        o["access_token"] = token.value().reveal();
        o["issuer"] = issuer;
        if (const auto expires = token.expires_at()) o["expires_at"] = std::chrono::system_clock::to_time_t(*expires);
        co_return json::serialize(o);
    } catch (const boost::system::system_error& e) {
        refused = failure(e.what());
    }
    co_return refused;
}

asio::awaitable<std::string> answer_to(std::shared_ptr<const gateway_state> g, std::string text)
{
    boost::system::error_code malformed;
    const json::value parsed = json::parse(text, malformed);
    if (malformed || !parsed.is_object()) co_return failure("Bad Request: no JSON object");
    const json::object& question = parsed.get_object();
    const std::string request = text_in(question, "request");
    if (request == "access_token") co_return co_await token_answer(g, question);
    if (request == "check") co_return R"({"status":"success"})";
    if (request != "loaded_accounts")
        co_return failure("Bad Request: there are access_token and loaded_accounts; profiles are configured in a file");
    json::array names;
    for (const auto& [name, tokens] : g->sources) names.emplace_back(name);
    json::object o;
    o["status"] = "success";
    o["info"] = std::move(names);
    co_return json::serialize(o);
}

bool is_whole_object(const std::string& text)
{
    json::stream_parser parser;
    boost::system::error_code malformed;
    parser.write_some(text, malformed);
    return malformed || parser.done();
}

// One message, which does not say where it ends. (A loop of its own: g++ 12 loses its way in `while (a && co_await b)`.)
asio::awaitable<std::string> read_message(inbound& in, bool (*is_whole)(const std::string&))
{
    std::string message;
    std::array<char, 4096> piece{};
    while (!is_whole(message) && message.size() < longest_message) {
        const std::size_t n = co_await in.read_some(asio::buffer(piece));
        if (n == 0) break;
        message.append(piece.data(), n);
    }
    co_return message;
}

// A client of our own making may do without encryption, which a UNIX socket does not need.
asio::awaitable<void> serve_plainly(inbound& in, std::shared_ptr<const gateway_state> g)
{
    std::string question = co_await read_message(in, &is_whole_object);
    const std::string answer = co_await answer_to(std::move(g), std::move(question));
    co_await in.write_raw(answer);
}

asio::awaitable<void> serve_encrypted(inbound& in, std::shared_ptr<const gateway_state> g)
{
    const std::string key =
        co_await read_message(in, [](const std::string& m) { return m.size() >= agent_channel::key_text; });
    const agent_channel channel(key);
    co_await in.write_raw(channel.public_key());
    const std::string message =
        co_await read_message(in, [](const std::string& m) { return agent_channel::is_whole(m); });
    auto question = channel.open(message);
    std::string answer = failure("Bad Request: it cannot be decrypted");
    if (question) answer = co_await answer_to(std::move(g), std::move(*question));
    co_await in.write_raw(channel.seal(answer));
}

} // namespace

asio::awaitable<bool> greet_agent_client(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g,
                                         connections::greeting first)
{
    if (first) {
        const bool answered = co_await first(in);
        if (answered) co_return true;
    }
    const std::string_view begin = co_await in->look_ahead();
    const bool plain = begin.starts_with('{');
    if (!plain && !agent_channel::is_key(begin)) co_return false;
    if (plain)
        co_await serve_plainly(*in, std::move(g));
    else
        co_await serve_encrypted(*in, std::move(g));
    co_return true;
}

} // namespace afresh::cli
