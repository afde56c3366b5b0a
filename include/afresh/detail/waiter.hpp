#pragma once
// A caller that waits for a token: a node that lives in the caller's own coroutine frame (get) or on the heap
// (async_get).

#include <afresh/access_token.hpp>
#include <afresh/error.hpp>
#include <afresh/get_options.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/cancellation_type.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace afresh {

namespace asio = boost::asio;

} // namespace afresh

namespace afresh::detail {

class chain;

// Links of the queue's tree, which is ordered by deadline; `right` also links the waiters of a batch.
struct waiter_links {
    waiter_links* parent{};
    waiter_links* left{};
    waiter_links* right{};
    char color{};
};

struct waiter : waiter_links {
    void (*complete)(waiter*) = nullptr; // runs the handler, on its executor; the waiter may be gone afterwards
    void (*abandon)(waiter*) = nullptr;  // destroys the handler; likewise
    std::chrono::steady_clock::time_point deadline{};
    std::uint64_t newer_than{}; // satisfied by generations above this only
    asio::any_io_executor executor;
    error_code ec{};
    access_token token{};
    bool patient{};   // named a max_wait: stays queued through failures
    bool linked{};    // in the queue
    bool cancelled{}; // its caller has given up

    waiter() = default;
    waiter(const waiter&) = delete;
    waiter& operator=(const waiter&) = delete;
};

// Cancels one wait; emitted on the caller's executor, as always in Asio. Never cancels the exchange.
struct cancel_wait {
    std::weak_ptr<chain> owner;
    waiter* self;
    AFRESH_EXPORT void operator()(asio::cancellation_type_t) const;
};

// A waiter that holds the handler of an awaitable operation in place: no allocation for a wait.
struct frame_waiter : waiter {
    static constexpr std::size_t capacity = 64;
    alignas(std::max_align_t) unsigned char storage[capacity];

    template <class Handler>
    void hold(Handler&& handler)
    {
        using handler_type = std::decay_t<Handler>;
        static_assert(sizeof(handler_type) <= capacity && alignof(handler_type) <= alignof(std::max_align_t));
        ::new (static_cast<void*>(storage)) handler_type(std::forward<Handler>(handler));
        complete = [](waiter* w) {
            handler_type held = static_cast<frame_waiter*>(w)->template take<handler_type>();
            asio::get_associated_cancellation_slot(held).clear();
            std::move(held)();
        };
        abandon = [](waiter* w) { (void)static_cast<frame_waiter*>(w)->template take<handler_type>(); };
    }

private:
    template <class Handler>
    Handler take()
    {
        auto* held = std::launder(reinterpret_cast<Handler*>(storage));
        Handler taken(std::move(*held));
        held->~Handler();
        return taken;
    }
};

} // namespace afresh::detail
