#pragma once
// What becomes of one request on its way, drawn before it leaves: so that a story depends on the seed only.

#include "simulation/world/event_queue.hpp"
#include "simulation/world/random.hpp"

#include <optional>
#include <vector>

namespace simulation {

// What the network does during a period of time, or once.
enum class weather {
    clear,
    refused,     // connection refused
    unreachable, // no connection within the limit
    tls_broken,
    gateway_500, // something in front of the server answers, and the server sees nothing
    gateway_503, // ... with Retry-After
    too_many,    // 429, with or without Retry-After
    captive,     // 200 and HTML
    redirect,
    not_found, // 404 and HTML
    forbidden, // 403 and HTML
    slow,      // answers come near the limit, or after it
    cut,       // the connection breaks at some byte of the request or the answer
    late,      // it breaks, and the server processes the request at some later time
    garbled,   // the answer's body is not what its header says, or no JSON
};
constexpr int weather_kinds = 15;

struct network_habits {
    std::chrono::nanoseconds latency_low = std::chrono::milliseconds(5); // one way
    std::chrono::nanoseconds latency_high = std::chrono::milliseconds(120);
    std::chrono::nanoseconds think_low = std::chrono::milliseconds(1); // of the server
    std::chrono::nanoseconds think_high = std::chrono::milliseconds(400);
    double accidents{};                 // probability that a request meets weather of its own
    std::vector<weather> accident;      // which, equally likely
    std::chrono::seconds retry_after{}; // 0: none
    bool retry_after_as_date{};
    std::chrono::nanoseconds latest = std::chrono::minutes(10); // of late processing
};

// Times count from the first byte of the request; `connects_in` from the call.
struct fate {
    weather what = weather::clear;
    std::chrono::nanoseconds connects_in{};
    std::optional<std::chrono::nanoseconds> processed_after; // unset: the server never sees it
    std::chrono::nanoseconds ends_after{};                   // the client's connection has its answer, or is gone
    bool answered{};                                         // ... has an answer
    bool connects() const noexcept
    {
        return what != weather::refused && what != weather::unreachable && what != weather::tls_broken;
    }
    // The server's own answer, whole.
    bool clean() const noexcept { return what == weather::clear; }
};

class network {
public:
    network_habits habits;

    explicit network(std::uint64_t seed) : chance_(seed) {}

    struct period {
        virtual_time from{}, to{};
        weather what{};
    };
    std::vector<period> forecast;
    // Of the next requests, one each, whatever the forecast says: for scenes.
    std::vector<weather> next;

    fate draw(virtual_time now, std::chrono::milliseconds connect_limit, std::chrono::milliseconds exchange_limit);
    random_numbers& chance() noexcept { return chance_; }

private:
    weather look(virtual_time now);

    random_numbers chance_;
};

} // namespace simulation
