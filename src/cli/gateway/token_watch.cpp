#include "cli/gateway/token_watch.hpp"

#include "cli/show/status_text.hpp"

#include <cstdint>
#include <string>

namespace afresh::cli {
namespace {

std::string whole_seconds_left(const source_status& s)
{
    return s.expires ? std::to_string(static_cast<std::int64_t>(seconds_left(s))) : "unknown";
}

} // namespace

void look_at_tokens(gateway_state& g, const event_log& log)
{
    for (const auto& [profile, tokens] : g.sources) {
        const source_status s = tokens.status();
        seen_token& before = g.seen[profile];
        const bool failed = s.consecutive_failures > before.failures;
        if (failed && s.last_failure == condition::sign_in)
            log.error("sign in needed",
                      {{"profile", profile}, {"why", failure_text(s)}, {"do", "afresh login " + profile}});
        else if (failed)
            log.warning("token request failed", {{"profile", profile},
                                                 {"why", failure_text(s)},
                                                 {"failures", std::to_string(s.consecutive_failures)},
                                                 {"expires_in", whole_seconds_left(s)}});
        if (s.generation > before.generation)
            log.info("token renewed", {{"profile", profile},
                                       {"generation", std::to_string(s.generation)},
                                       {"expires_in", whole_seconds_left(s)}});
        if (s.generation != before.generation) before.life = s.expires ? seconds_left(s) : 0;
        before.generation = s.generation;
        before.failures = s.consecutive_failures;
    }
}

} // namespace afresh::cli
