#pragma once
// Tells the log what has become of the tokens.

#include "cli/gateway/event_log.hpp"
#include "cli/gateway/gateway_state.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace afresh::cli {

class token_watch {
public:
    // Once a second. A line for each change that an operator wants to know of.
    void look(const sources_by_profile& sources, const event_log& log);

private:
    struct seen {
        std::uint64_t generation{};
        std::uint64_t failures{};
    };
    std::map<std::string, seen> before_;
};

} // namespace afresh::cli
