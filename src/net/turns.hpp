#pragma once
// A few coroutines at a time, or only one, in the order they came. Asio.

#include <afresh/error.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <utility>

namespace afresh::net {

namespace asio = boost::asio;

// Executor: a strand, on which all of them run.
class turns {
public:
    explicit turns(asio::any_io_executor strand, std::size_t at_once = 1) : room_(std::move(strand), at_once) {}

    // Until it goes, it is taken.
    class turn {
    public:
        explicit turn(turns& of) noexcept : of_(&of) {}
        turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
        turn& operator=(turn&&) = delete;
        ~turn()
        {
            if (of_) of_->room_.try_receive([](error_code) {}); // the next one's message fits in now
        }

    private:
        turns* of_;
    };

    // Cancellation: terminal, as system_error(operation_aborted).
    asio::awaitable<turn> take()
    {
        const auto [ec] = co_await room_.async_send(error_code(), asio::as_tuple(asio::use_awaitable));
        if (ec) throw boost::system::system_error(asio::error::operation_aborted);
        co_return turn(*this);
    }

private:
    asio::experimental::channel<void(error_code)> room_; // whoever has put a message into it has the turn
};

} // namespace afresh::net
