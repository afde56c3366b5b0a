#pragma once
// Those who want tokens: coroutines and callbacks of a process, that call a resource, cancel, and lose patience.

#include "simulation/world/process.hpp"

#include <afresh/get_options.hpp>

#include <optional>
#include <string>

namespace simulation {

// One caller: how often it asks, how, and what it does with a token.
struct visit {
    unsigned calls = 1;
    std::chrono::nanoseconds thinks = std::chrono::seconds(1); // between calls
    std::optional<std::chrono::milliseconds> max_wait;
    std::chrono::seconds min_valid{};
    bool calls_resource = true;                            // and renews after a 401
    bool calls_api = false;                                // the same through the library's client layer
    bool catches = true;                                   // get(), which throws; else async_get() as a tuple
    bool calls_back = false;                               // async_get with a callback on a strand of its own
    std::optional<std::chrono::nanoseconds> cancels_after; // each call
};

// What the checker knows a token by; empty for none.
std::string text_of(const afresh::access_token& token);

// Begins now, in the present life of `p`; ends with it.
void begin_visit(world& w, process& p, visit v);

// The program is told by its user: new tokens. `with_access`: also an access token.
void set_new_tokens(world& w, process& p, bool with_access);
void retry_grant(world& w, process& p);
// ... or that it is over.
void sign_out(world& w, process& p);

} // namespace simulation
