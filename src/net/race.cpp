#include "net/race.hpp"

#include "net/timed_wait.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>

#include <list>
#include <utility>

namespace afresh::net {
namespace {

using address = asio::generic::stream_protocol::endpoint;
using maybe_socket = std::optional<stream_socket>;

// Its handlers may run on any thread; the mutex guards all that follows it.
class race : public timed_wait<maybe_socket> {
public:
    race(const asio::any_io_executor& executor, handler h) : timed_wait(executor, std::move(h)), next_(executor) {}

    void start(asio::any_io_executor io, std::vector<address> to, clock::duration stagger, clock::time_point until)
    {
        arm(until, errc::connect_timed_out);
        const std::lock_guard lock(mutex_);
        io_ = std::move(io);
        to_ = std::move(to);
        stagger_ = stagger;
        dial_next();
    }

private:
    using attempt = std::list<stream_socket>::iterator;

    void dial_next() // locked
    {
        if (over_) return;
        if (tried_ == to_.size()) {
            if (sockets_.empty()) finish(last_, maybe_socket());
            return;
        }
        const attempt it = sockets_.emplace(sockets_.end(), io_);
        const auto self = std::static_pointer_cast<race>(shared_from_this());
        it->async_connect(to_[tried_++], [self, it](error_code ec) { self->connected(it, ec); });
        if (tried_ == to_.size()) return;
        next_.expires_after(stagger_);
        next_.async_wait([self](error_code ec) {
            if (ec) return; // replaced, since the address before has failed
            const std::lock_guard lock(self->mutex_);
            self->dial_next();
        });
    }

    void connected(attempt it, error_code ec)
    {
        const std::lock_guard lock(mutex_);
        if (over_) return;
        maybe_socket socket(std::move(*it));
        sockets_.erase(it);
        if (ec) {
            last_ = errc::connect_failed;
            next_.cancel();
            return dial_next();
        }
        stop();
        finish({}, std::move(socket));
    }

    void given_up() noexcept override
    {
        const std::lock_guard lock(mutex_);
        stop();
    }

    // The other sockets close; their handlers find that it is over.
    void stop() noexcept
    {
        over_ = true;
        sockets_.clear();
        next_.cancel();
    }

    std::mutex mutex_;
    asio::any_io_executor io_;
    std::vector<address> to_;
    std::size_t tried_{};
    clock::duration stagger_{};
    asio::steady_timer next_;
    std::list<stream_socket> sockets_; // those that are trying
    error_code last_ = errc::connect_failed;
    bool over_{};
};

asio::awaitable<result<stream_socket>> run_race(asio::any_io_executor io, std::vector<address> to,
                                                clock::duration stagger, clock::time_point until)
{
    auto executor = co_await asio::this_coro::executor;
    auto [ec, socket] = co_await wait_for<race>(executor, io, to, stagger, until);
    if (ec) co_return ec;
    co_return std::move(*socket);
}

} // namespace

asio::awaitable<result<stream_socket>> connect_any(asio::any_io_executor io, endpoints to, clock::duration stagger,
                                                   clock::time_point until)
{
    std::vector<address> addresses(to.begin(), to.end());
    return run_race(std::move(io), std::move(addresses), stagger, until);
}

asio::awaitable<result<stream_socket>> connect_local(asio::any_io_executor io, std::string path,
                                                     clock::time_point until)
{
    std::vector<address> addresses(1, address(asio::local::stream_protocol::endpoint(path)));
    return run_race(std::move(io), std::move(addresses), clock::duration::zero(), until);
}

} // namespace afresh::net
