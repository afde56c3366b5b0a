#pragma once
// The seam to durable memory, simulated: the library's own `apply()` on records that outlive processes.

#include "simulation/world/event_queue.hpp"
#include "simulation/world/random.hpp"

#include <afresh/token_store.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace simulation {

class process;
class world;

struct store_habits {
    bool local = true; // of one machine, by its wall clock; its lease ends with the process. Else a database with a
                       // clock of its own
    std::chrono::nanoseconds fastest = std::chrono::microseconds(200);
    std::chrono::nanoseconds slowest = std::chrono::milliseconds(30);
    double stalls{};       // probability of a command that takes seconds
    double fails_before{}; // ... that fails and was not done
    double fails_after{};  // ... whose acknowledgement is lost
    double tells{};        // ... that other processes hear of a change
    struct outage {
        virtual_time from{}, to{};
    };
    std::vector<outage> outages;
};

struct store_sabotage {
    bool forgets_intents{}; // acknowledges what it does not keep
    bool forgets_successes{};
    bool forgets_at_death{};       // a process that dies takes its last save with it
    bool forgets_doubt_at_death{}; // ... or its intent
};

// The records and what happens to commands. One for the world.
class database {
public:
    explicit database(std::uint64_t seed) : chance_(seed) {}

    store_habits habits;
    store_sabotage sabotage;
    std::uint64_t intents{}; // written so far

    struct row {
        afresh::chain_record record;
        bool found{};
        life_id holder{}; // whose lease it is
        virtual_time lease_ends{};
        afresh::chain_record before_success;
    };
    row& at(const std::string& key) { return rows_[key]; }
    void process_died(life_id life);

    struct treatment {
        std::chrono::nanoseconds commits_in{}, answers_in{};
        bool fails{}, done{};
    };
    treatment draw(virtual_time now);
    // The command of this number from now on, counted from 1, fails: before it is done, or after.
    void fail_later(std::uint64_t number, bool done) { later_.push_back({commands_ + number, done}); }

    // Who hears of a change, after a while.
    struct watcher {
        life_id life{};
        afresh::token_store::change_handler tell;
    };
    std::shared_ptr<watcher> watch(life_id life, afresh::token_store::change_handler tell);
    void changed(world& w, const std::string& key, life_id by);

private:
    std::map<std::string, row> rows_;
    std::vector<std::weak_ptr<watcher>> watchers_;
    struct planned_failure {
        std::uint64_t number{};
        bool done{};
    };
    std::vector<planned_failure> later_;
    std::uint64_t commands_{};
    random_numbers chance_;
};

class world_store final : public afresh::token_store {
public:
    world_store(world& w, process& p, life_id life) noexcept : world_(w), process_(p), life_(life) {}
    asio::awaitable<afresh::store_reply> execute(std::string key, afresh::store_command command) override;
    std::shared_ptr<void> watch(change_handler on_change) override;

private:
    world& world_;
    process& process_;
    life_id life_;
};

} // namespace simulation
