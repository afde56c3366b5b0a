#pragma once
// A call for a completion handler: a coroutine of its own behind it. Asio.

#include <afresh/http_message.hpp>
#include <afresh/transport_outcome.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <functional>
#include <memory>

namespace afresh {

namespace asio = boost::asio;

// The coroutine runs on a strand of `ex`. The caller's signal only ever posts to that strand: on Boost before 1.83 none
// may reach a coroutine of another executor.
class async_call : public std::enable_shared_from_this<async_call> {
public:
    using handler_type = asio::any_completion_handler<void(error_code, http_response)>;

    async_call(const asio::any_io_executor& ex, handler_type handler);
    void run(std::function<asio::awaitable<transport_outcome>()> body);
    // Posts the handler to its executor.
    void complete(error_code ec, http_response r);

private:
    asio::any_io_executor strand_;
    handler_type handler_;
    asio::executor_work_guard<asio::any_completion_executor> work_;
    asio::cancellation_signal stop_;
};

} // namespace afresh
