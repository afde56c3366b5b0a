#include "store/worker.hpp"

#include "store/quiet_thread.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <unistd.h>
#include <utility>

namespace afresh::store {

// Shared with the thread, which may outlive the worker: see the destructor.
struct worker::state {
    void run();

    std::function<clock::time_point()> upkeep;
    std::mutex mutex;
    std::condition_variable wake;
    std::deque<std::unique_ptr<job>> jobs;
    bool stopping{};
};

void worker::state::run()
{
    clock::time_point next = clock::time_point::max();
    std::unique_lock lock(mutex);
    for (;;) {
        const auto ready = [this] { return stopping || !jobs.empty(); };
        if (next == clock::time_point::max())
            wake.wait(lock, ready);
        else
            wake.wait_until(lock, next, ready);
        std::unique_ptr<job> work;
        if (!jobs.empty()) {
            work = std::move(jobs.front());
            jobs.pop_front();
        } else if (stopping) {
            return;
        }
        lock.unlock();
        if (work) work->run();
        work.reset(); // not under the lock: it may own what posts or destroys
        next = upkeep();
        lock.lock();
    }
}

worker::worker(std::function<clock::time_point()> upkeep) : state_(std::make_shared<state>()), pid_(::getpid())
{
    state_->upkeep = std::move(upkeep);
    thread_ = quiet_thread([s = state_] { s->run(); });
}

worker::~worker()
{
    const bool is_forked = ::getpid() != pid_;
    if (is_forked) { // the thread stayed with the parent, perhaps with the mutex, which may not be touched
        new std::shared_ptr<state>(std::move(state_));
    } else {
        {
            std::lock_guard lock(state_->mutex);
            state_->stopping = true;
        }
        state_->wake.notify_one();
    }
    // The last owner of a store may be a handler that this very thread destroys. It ends by itself then.
    end_thread(std::move(thread_), is_forked);
}

void worker::post(std::unique_ptr<job> work)
{
    {
        std::lock_guard lock(state_->mutex);
        state_->jobs.push_back(std::move(work));
    }
    state_->wake.notify_one();
}

} // namespace afresh::store
