#pragma once
// The one thread of a store that blocks, so that nobody else has to.

#include <chrono>
#include <functional>
#include <memory>
#include <sys/types.h>
#include <thread>

namespace afresh::store {

class worker {
public:
    using clock = std::chrono::steady_clock;

    struct job {
        job() = default;
        job(const job&) = delete;
        job& operator=(const job&) = delete;
        virtual ~job() = default;
        virtual void run() noexcept = 0;
    };

    // `upkeep` runs on the thread too, after each job and when the time comes that it asked for last.
    explicit worker(std::function<clock::time_point()> upkeep);
    // Runs what is queued, because a save must not be lost, and joins. In a forked child there is no thread: nothing is
    // done.
    ~worker();
    worker(const worker&) = delete;
    worker& operator=(const worker&) = delete;

    void post(std::unique_ptr<job> work);

private:
    struct state;
    std::shared_ptr<state> state_;
    std::unique_ptr<std::thread> thread_;
    pid_t pid_;
};

} // namespace afresh::store
