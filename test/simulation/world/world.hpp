#pragma once
// A world behind the three seams: one clock, one source of chance, a server, a network, a store, and processes.

#include "simulation/checker.hpp"
#include "simulation/world/authorization_server.hpp"
#include "simulation/world/event_queue.hpp"
#include "simulation/world/network.hpp"
#include "simulation/world/process.hpp"
#include "simulation/world/random.hpp"
#include "simulation/world/store.hpp"
#include "simulation/world/story.hpp"
#include "simulation/world/transport.hpp"

#include <afresh/refresh_policy.hpp>

#include <memory>
#include <vector>

namespace simulation {

struct time_sabotage {
    int hurry = 1; // the library's monotonic clock runs so many times too fast
    bool drops_wakeups{};
    std::chrono::nanoseconds ahead{}; // the library's clocks are ahead of the machine's by this
};

class world {
public:
    explicit world(std::uint64_t seed, bool told_aloud = false);
    ~world();

    event_queue queue;
    story tale;
    random_numbers chance; // of callers and whatever has no stream of its own
    authorization_server server;
    network net;
    database store;
    checker check;
    transport_sabotage transport_flaw;
    time_sabotage time_flaw;
    afresh::refresh_policy policy;
    std::vector<std::unique_ptr<process>> processes;
    std::size_t steps{}; // events that happened

    virtual_time now() const noexcept { return queue.now(); }
    template <class... Parts>
    void tell(const Parts&... parts)
    {
        tale.tell(now(), parts...);
    }

    // A principal signs in, and a process is started with the refresh token.
    process& add_process();
    life_id new_life() noexcept { return ++lives_; }

    // One event and every handler that it makes ready. False: nothing left to happen, or an invariant is broken.
    bool step();
    void run_until(virtual_time t);
    void run_for(std::chrono::nanoseconds d) { run_until(now() + d); }
    template <class Predicate>
    bool run_until(virtual_time t, Predicate done)
    {
        settle();
        while (!done()) {
            if (check.failure() || queue.empty() || queue.next() > t) return false;
            step();
        }
        return true;
    }
    // Runs what is ready now.
    void settle();

private:
    life_id lives_ = nobody;
};

} // namespace simulation
