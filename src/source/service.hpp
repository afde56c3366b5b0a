#pragma once
// What all chains share: the seams, a fixed set of strands, and one timer over a heap of deadlines.

#include "core/schedule.hpp"

#include <afresh/token_service.hpp>
#include <afresh/token_store.hpp>
#include <afresh/transport.hpp>

#include <boost/intrusive/set.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace afresh::detail {

class chain;

// A chain's place among the deadlines. A base of it, so that a million chains need no allocation for it.
struct wake_entry : boost::intrusive::set_base_hook<> {
    core::mono_time wake_at = core::mono_time::max(); // guarded by the service
    bool operator<(const wake_entry& other) const noexcept { return wake_at < other.wake_at; }
};

class service : public std::enable_shared_from_this<service> {
public:
    // Throws system_error(invalid_argument) for a policy out of range. `make` registers it with its context.
    service(asio::any_io_executor executor, service_options options);
    static std::shared_ptr<service> make(asio::any_io_executor executor, service_options options);

    const asio::any_io_executor executor;
    const std::shared_ptr<afresh::transport> transport;
    const std::shared_ptr<token_store> store;
    const std::shared_ptr<time_source> time;
    const refresh_policy policy;
    const event_hook on_event;
    const std::string owner; // of leases: names this service in a store

    core::moment now() const noexcept
    {
        const instant t = time->now();
        return {t.mono, t.wall};
    }

    // The chain of this name, acquired for one more handle; made by `make` when there is none. An audience's name is
    // another than the key of its record.
    std::shared_ptr<chain> find_or_add(const std::string& name, const std::string& key,
                                       const std::function<std::shared_ptr<chain>()>& make);
    // `c`, the chain of this name, is being destroyed.
    void forget(chain& c, const std::string& name);
    // `c` has got a new generation: the other audiences of its record should look. (A store tells of others' changes.)
    void tell_others(const chain& c);
    // For a chain that is being made by find_or_add().
    const asio::any_io_executor& strand_of(const std::string& key);

    // Arranges for `c.on_wake()` on its strand at `at`, instead of what was arranged before; max(): not at all.
    void wake(chain& c, core::mono_time at);
    // Keeps `c` alive until it is released: it holds tokens that are not saved yet.
    void hold(const std::shared_ptr<chain>& c);
    void release(const chain* c);

    // A chain that find_or_add() made has been closed.
    void closed();

    // The context is being destroyed: whoever still waits will not be told any more, and must not leak.
    void abandon();

private:
    void arm();
    void on_wake();
    void on_store_changed(const std::string& key);
    std::vector<std::shared_ptr<chain>> chains_of(const std::string& key); // with the mutex

    std::mutex mutex_;                           // guards all below
    std::vector<asio::any_io_executor> strands_; // made when the first chain of each comes
    std::unordered_map<std::string, std::weak_ptr<chain>> chains_;
    std::unordered_map<std::string, std::set<std::string>> audiences_; // names, by the key of their record
    std::vector<std::weak_ptr<chain>> replaced_;                       // by another chain of their key
    std::unordered_map<const chain*, std::shared_ptr<chain>> held_;
    std::size_t open_{};                               // chains
    std::shared_ptr<void> watching_;                   // the store, while any is open
    boost::intrusive::multiset<wake_entry> deadlines_; // of chains, which take theirs out before they go
    core::mono_time armed_ = core::mono_time::max();
    std::chrono::nanoseconds clocks_apart_{}; // wall minus monotonic, when last looked at
    bool abandoned_{};
};

} // namespace afresh::detail
