#pragma once
// What a run came to, and whether all is well.

#include "cli/demo/callers.hpp"
#include "cli/demo/demo_server.hpp"
#include "cli/show/terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace afresh::cli {

struct run_report {
    double seconds{};
    unsigned callers{};
    call_totals totals;
    std::uint64_t generations{};    // won in this run
    std::uint64_t token_requests{}; // sent, of which answers were lost or bad too
    std::uint64_t failed_refreshes{};
    std::uint64_t most_waiters{};
    std::uint64_t held_generation{};
    std::uint64_t saved_generation{};           // read back from the store's file
    std::optional<server_statistics> server;    // of the demo's own
    std::optional<bool> saved_token_is_current; // the demo's own server would take the refresh token in the file
    std::uint64_t revocations{};
    std::vector<std::string> errors; // what ended the run early
    bool interrupted{};
};

// What is not as it must be, in words; empty: all is well.
std::vector<std::string> faults_of(const run_report& r);

std::string summary_of(const run_report& r, const terminal& t);

} // namespace afresh::cli
