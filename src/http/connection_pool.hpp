#pragma once
// Kept-alive connections and the permission to open more, per origin. Asio.

#include "net/connection.hpp"

#include <afresh/result.hpp>

#include <afresh/http_limits.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace afresh::http {

namespace asio = boost::asio;
using net::clock;

// Thread-safe. Invariant, per origin: while anybody waits, all permitted connections are out and none is idle.
class connection_pool : public std::enable_shared_from_this<connection_pool> {
    struct origin;
    class waiter;
    struct span { // when an idle connection may be used
        clock::time_point since;
        clock::time_point until;
    };

public:
    enum class probing {
        always,
        unless_just_used, // a moment ago: saves a system call where a connection is in constant use
    };

    // The right to have one connection, perhaps with one that was used before. Given back in the destructor.
    class slot {
    public:
        slot() = default;
        slot(slot&& other) noexcept
            : link(std::move(other.link)),
              pool_(std::move(other.pool_)),
              home_(other.home_),
              idle_since_(other.idle_since_),
              worn_at_(other.worn_at_)
        {
        }
        slot& operator=(slot&& other) noexcept;
        ~slot()
        {
            if (pool_) give_back({});
        }
        // The connection goes back, too. `server_keeps_it`: what `Keep-Alive: timeout=` said.
        void keep(clock::time_point now, std::optional<std::chrono::seconds> server_keeps_it);
        // A connection that was just made is its own from here on.
        void take(std::unique_ptr<net::connection> made);
        explicit operator bool() const noexcept { return pool_ != nullptr; }

        std::unique_ptr<net::connection> link; // null: none yet

    private:
        friend class connection_pool;
        slot(std::shared_ptr<connection_pool> pool, origin* home, std::unique_ptr<net::connection> l,
             clock::time_point since, clock::time_point worn_at)
            : link(std::move(l)), pool_(std::move(pool)), home_(home), idle_since_(since), worn_at_(worn_at)
        {
        }
        void drop_unless_quiet(clock::time_point now, probing how);
        void give_back(std::optional<span> usable);

        std::shared_ptr<connection_pool> pool_; // null: empty
        origin* home_{};
        clock::time_point idle_since_{};
        clock::time_point worn_at_{}; // too old from here on
    };

    connection_pool(const asio::any_io_executor& executor, const http_limits& limits);

    // The most recently used idle connection, if it is still quiet; else the right to open one; else nothing.
    std::optional<slot> acquire_now(const std::string& origin_name, clock::time_point now, probing how);
    // The same, but waits for either. Fails with pool_timed_out, closed or operation_aborted.
    asio::awaitable<result<slot>> acquire(std::string origin_name, clock::time_point until, probing how);

    // Idle connections are closed, waiters fail with errc::closed; connections in use end with their exchange.
    void close();

    struct usage {
        std::string origin;
        std::size_t active{}, idle{}, waiting{};
    };
    std::vector<usage> in_use() const;

private:
    struct idle_connection {
        std::unique_ptr<net::connection> link;
        span usable;
        clock::time_point worn_at;
    };
    struct origin {
        std::string name;
        std::vector<idle_connection> idle;          // most recently used last
        std::size_t open{};                         // permissions given out, and idle connections
        std::list<std::weak_ptr<waiter>> waiters{}; // weak: see timed_wait
    };
    using closing = std::vector<std::unique_ptr<net::connection>>; // closed when the mutex is free again

    // All of these: locked.
    std::optional<slot> take(const std::string& origin_name, clock::time_point now, closing& old);
    void drop_expired(origin& o, clock::time_point now, closing& old);
    void drop_longest_idle(closing& old);
    void sweep(clock::time_point now, closing& old);
    void arm_sweep();
    void forget_if_unused(origin& o);
    void put_away(origin& o, idle_connection c, closing& old);

    void take_back(origin& o, idle_connection c, bool usable);
    clock::time_point worn_from_now();

    const http_limits limits_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, origin> origins_;
    std::size_t idle_total_{};
    clock::time_point next_sweep_{};
    asio::steady_timer sweeper_;
    bool sweeper_armed_{};
    std::minstd_rand chance_{std::random_device{}()};
    bool closed_{};
};

} // namespace afresh::http
