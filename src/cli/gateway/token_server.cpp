#include "cli/gateway/token_server.hpp"

#include "cli/command/token_text.hpp"
#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/refusal.hpp"

#include <boost/system/system_error.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace afresh::cli {
namespace {

struct question {
    std::string path, profile, format = "raw";
    unsigned min_valid = 0;
};

// Nothing: it is none.
std::optional<question> read_question(std::string_view target, const sources_by_profile& all)
{
    const auto url = boost::urls::parse_origin_form(target);
    if (!url) return std::nullopt;
    question q;
    q.path = url->path();
    for (const auto& p : url->params()) {
        const std::string value = p.value;
        if (p.key == "profile") q.profile = value;
        if (p.key == "format") q.format = value;
        if (p.key == "min_valid" &&
            std::from_chars(value.data(), value.data() + value.size(), q.min_valid).ptr != value.data() + value.size())
            return std::nullopt;
    }
    if (q.profile.empty() && all.size() == 1) q.profile = all.begin()->first;
    return q;
}

asio::awaitable<void> hand_out(inbound& in, const token_source& tokens, question q)
{
    http_fields fields;
    fields.add("Cache-Control", "no-store");
    unsigned status = 200;
    std::string body;
    std::optional<refusal> refused;
    try {
        const access_token token = co_await tokens.get(get_options().min_valid(std::chrono::seconds(q.min_valid)));
        if (q.path == "/authorization") {
            status = 204;
            fields.add("Authorization", token.authorization());
        } else {
            const bool json = q.format == "json" || q.format == "exec-credential";
            fields.add("Content-Type", json ? "application/json" : "text/plain");
            body = token_text(token, q.format).reveal();
        }
    } catch (const boost::system::system_error& e) {
        refused = refusal_of(e);
    }
    if (refused) co_return co_await answer_refusal(in, *refused);
    co_await in.answer(status, std::move(fields), std::move(body));
}

} // namespace

asio::awaitable<void> answer_token(std::shared_ptr<inbound> in, std::shared_ptr<const gateway_state> g)
{
    const sources_by_profile& all = g->sources;
    const auto q = read_question(in->target(), all);
    const auto found = q ? all.find(q->profile) : all.end();
    if (in->method() != "GET" || !q || (q->path != "/token" && q->path != "/authorization")) {
        co_await answer_refusal(*in, refusal(400, "there are GET /token and GET /authorization, with ?profile="));
    } else if (found == all.end()) {
        co_await answer_refusal(*in, refusal(404, "there is no such profile"));
    } else {
        const token_source tokens = found->second; // a reload may take it away
        co_await hand_out(*in, tokens, *q);
    }
}

} // namespace afresh::cli
