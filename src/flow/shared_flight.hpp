#pragma once
// One piece of work for all who ask for it at once, on whatever contexts they are.

#include <boost/asio/awaitable.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <mutex>

namespace afresh::detail {

namespace asio = boost::asio;

// Outlives the contexts it is used on: what belongs to a context is in the frames of those who wait there.
class shared_flight : public std::enable_shared_from_this<shared_flight> {
public:
    using work = std::function<asio::awaitable<void>()>;

    // Runs `w`, or waits for the one that is running; throws what it threw. It is nobody's: who cancels stops waiting, and
    // it goes on, on the context of the one who began it. Should that context go, those on others are told so.
    asio::awaitable<void> join(const work& w);

private:
    struct waiter;
    struct flight;
    struct ending; // ends a flight whatever becomes of its coroutine
    static asio::awaitable<void> run(std::shared_ptr<shared_flight> self, std::shared_ptr<flight> f, work w);
    void end(const std::shared_ptr<flight>& f, std::exception_ptr error);

    std::mutex mutex_;
    std::shared_ptr<flight> current_;
};

} // namespace afresh::detail
