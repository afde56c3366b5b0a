#pragma once
// A further thread of the gateway, with a context of its own. Asio.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <thread>

namespace afresh::cli {

namespace asio = boost::asio;

// Runs from here on. In the end it stops at once: what it still does is lost.
class context_thread {
public:
    context_thread() : work_(context_.get_executor()), thread_([this] { context_.run(); }) {}
    ~context_thread() { stop(); }
    context_thread(const context_thread&) = delete;
    context_thread& operator=(const context_thread&) = delete;

    asio::any_io_executor executor() { return context_.get_executor(); }
    void stop()
    {
        context_.stop();
        if (thread_.joinable()) thread_.join();
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

} // namespace afresh::cli
