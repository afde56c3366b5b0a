#pragma once
// A store in memory that fails as it is told, and shows what it holds.

#include <afresh/time_source.hpp>
#include <afresh/token_store.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace afresh::test {

// What becomes of one command.
struct store_fate {
    enum class kind {
        done,
        fails,        // nothing is written
        fails_after,  // written, and the acknowledgement is lost
        throws,       // nothing is written
        throws_after, // written; and what is thrown is no std::exception
    };
    kind end = kind::done;
    std::chrono::microseconds time{}; // that it takes
};

class scripted_store final : public token_store {
public:
    using script = std::function<store_fate(unsigned number, const store_command& command)>; // commands count from 1

    explicit scripted_store(std::shared_ptr<time_source> time = {}) : time_(std::move(time)) {}

    // Handlers that each command takes before and after it is done.
    unsigned steps_each = 1;

    void plan(script s);
    asio::awaitable<store_reply> execute(std::string key, store_command command) override;

    chain_record record(const std::string& key = "default") const;
    // The refresh token that it holds.
    std::string held(const std::string& key = "default") const;
    unsigned commands() const;

private:
    store_reply change(const std::string& key, const store_command& command);

    const std::shared_ptr<time_source> time_;
    mutable std::mutex mutex_;
    script script_;
    std::map<std::string, chain_record> rows_;
    unsigned commands_{};
};

} // namespace afresh::test
