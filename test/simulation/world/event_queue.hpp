#pragma once
// The time of a simulated world: what will happen, in order. No steady_timer, which costs 15 us each.

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace simulation {

namespace asio = boost::asio;

// Since the beginning of the world. Runs while a machine sleeps, and nobody steps it.
using virtual_time = std::chrono::nanoseconds;

// To whom an event happens: 0 is the world itself, any other number one life of one process.
using life_id = std::uint32_t;
constexpr life_id nobody = 0;

struct action {
    virtual ~action() = default;
    virtual bool run() = 0; // false: it was nothing after all
};

struct world_event {
    virtual_time at{};
    std::uint64_t order{};
    life_id owner{};
    std::unique_ptr<action> what;
};

class event_queue {
public:
    virtual_time now() const noexcept { return now_; }
    bool empty() const noexcept { return heap_.empty(); }
    virtual_time next() const noexcept { return heap_.front().at; }

    void add(virtual_time at, life_id owner, std::unique_ptr<action> what)
    {
        put({std::max(at, now_), ++last_, owner, std::move(what)});
    }
    template <class Function>
    void at(virtual_time when, life_id owner, Function f)
    {
        struct call final : action {
            explicit call(Function&& g) : function(std::move(g)) {}
            bool run() override
            {
                if constexpr (std::is_same_v<std::invoke_result_t<Function&>, bool>) {
                    return function();
                } else {
                    function();
                    return true;
                }
            }
            Function function;
        };
        add(when, owner, std::make_unique<call>(std::move(f)));
    }
    template <class Function>
    void in(std::chrono::nanoseconds delay, life_id owner, Function f)
    {
        at(now_ + delay, owner, std::move(f));
    }

    // Time goes on to the earliest event.
    world_event take()
    {
        std::pop_heap(heap_.begin(), heap_.end(), later);
        world_event e = std::move(heap_.back());
        heap_.pop_back();
        now_ = e.at;
        return e;
    }
    // It happens later: whom it happens to is asleep.
    void postpone(world_event e, virtual_time until)
    {
        e.at = until;
        put(std::move(e));
    }
    void advance(virtual_time to) noexcept { now_ = std::max(now_, to); }

    // Nothing more happens to `owner`. What waited for it is destroyed, whole coroutines included.
    void forget(life_id owner)
    {
        std::vector<std::unique_ptr<action>> gone;
        for (world_event& e : heap_)
            if (e.owner == owner && e.what) gone.push_back(std::exchange(e.what, nullptr));
    }

private:
    static bool later(const world_event& a, const world_event& b) noexcept
    {
        return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
    void put(world_event e)
    {
        heap_.push_back(std::move(e));
        std::push_heap(heap_.begin(), heap_.end(), later);
    }

    virtual_time now_{};
    std::uint64_t last_{};
    std::vector<world_event> heap_;
};

namespace detail {

template <class Handler>
struct resumption final : action {
    explicit resumption(Handler&& h) : handler(std::move(h)) {}
    bool run() override
    {
        asio::post(std::move(handler));
        return true;
    }
    Handler handler;
};

struct sleep_initiation {
    event_queue* queue;
    virtual_time until;
    life_id owner;
    template <class Handler>
    void operator()(Handler&& handler) const
    {
        using type = std::decay_t<Handler>;
        queue->add(until, owner, std::make_unique<resumption<type>>(type(std::forward<Handler>(handler))));
    }
};

} // namespace detail

// `co_await sleep_until(...)`: goes on at `until`, through its own executor; never when `owner` dies before.
inline auto sleep_until(event_queue& queue, virtual_time until, life_id owner)
{
    return asio::async_initiate<const asio::deferred_t, void()>(detail::sleep_initiation{&queue, until, owner},
                                                                asio::deferred);
}

} // namespace simulation
