#include "cli/gateway/token_watch.hpp"

#include <chrono>
#include <utility>

namespace afresh::cli {
namespace {

std::string seconds_left(const source_status& s)
{
    if (!s.expires) return "unknown";
    const auto left = *s.expires - std::chrono::system_clock::now();
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(left).count());
}

std::string why(const source_status& s)
{
    std::string text = s.last_failure.message();
    if (!s.last_diagnostics.error.empty()) text += " (" + s.last_diagnostics.error + ")";
    return text;
}

} // namespace

void token_watch::look(const sources_by_profile& sources, const event_log& log)
{
    for (const auto& [profile, tokens] : sources) {
        const source_status s = tokens.status();
        seen& before = before_[profile];
        const bool failed = s.consecutive_failures > before.failures;
        if (failed && s.last_failure == condition::sign_in)
            log.error("sign in needed", {{"profile", profile}, {"why", why(s)}, {"do", "afresh login " + profile}});
        else if (failed)
            log.warning("token request failed", {{"profile", profile},
                                                 {"why", why(s)},
                                                 {"failures", std::to_string(s.consecutive_failures)},
                                                 {"expires_in", seconds_left(s)}});
        if (s.generation > before.generation)
            log.info(
                "token renewed",
                {{"profile", profile}, {"generation", std::to_string(s.generation)}, {"expires_in", seconds_left(s)}});
        before = {s.generation, s.consecutive_failures};
    }
}

} // namespace afresh::cli
