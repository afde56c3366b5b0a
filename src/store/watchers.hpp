#pragma once
// Who wants to hear of changes in a store.

#include <afresh/token_store.hpp>

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace afresh::store {

// Thread-safe. `on_last` is called when the last handle has gone, from the thread that destroyed it.
class watchers : public std::enable_shared_from_this<watchers> {
public:
    explicit watchers(std::function<void()> on_last) : on_last_(std::move(on_last)) {}

    std::shared_ptr<void> add(token_store::change_handler on_change)
    {
        auto one = std::make_shared<const token_store::change_handler>(std::move(on_change));
        const std::lock_guard lock(mutex_);
        all_.push_back(one);
        return std::make_shared<subscription>(weak_from_this(), one);
    }
    bool empty() const
    {
        const std::lock_guard lock(mutex_);
        return all_.empty();
    }
    // Without the lock: they may add and remove watchers.
    void tell(const std::string& key) const
    {
        std::unique_lock lock(mutex_);
        const auto all = all_;
        lock.unlock();
        for (const auto& one : all) (*one)(key);
    }

private:
    using handler = std::shared_ptr<const token_store::change_handler>;

    struct subscription {
        subscription(std::weak_ptr<watchers> o, handler h) : of(std::move(o)), mine(std::move(h)) {}
        ~subscription()
        {
            if (const auto all = of.lock()) all->remove(mine);
        }
        subscription(const subscription&) = delete;
        subscription& operator=(const subscription&) = delete;
        std::weak_ptr<watchers> of;
        handler mine;
    };

    void remove(const handler& one)
    {
        std::unique_lock lock(mutex_);
        all_.remove(one);
        const bool last = all_.empty();
        lock.unlock();
        if (last) on_last_();
    }

    mutable std::mutex mutex_;
    std::list<handler> all_;
    std::function<void()> on_last_;
};

} // namespace afresh::store
