#pragma once
// Learns when an execution context is destroyed. A coroutine that waits for a token is owned by its own waiter, which
// lives in its own frame: nobody else could break that circle.

#include <boost/asio/execution_context.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace afresh::detail {

namespace asio = boost::asio;

class service;

class context_hook : public asio::execution_context::service {
public:
    using key_type = context_hook;
    static asio::execution_context::id id;

    explicit context_hook(asio::execution_context& context) : asio::execution_context::service(context) {}
    void add(const std::shared_ptr<afresh::detail::service>& s);

private:
    void shutdown() override;

    std::mutex mutex_;
    std::vector<std::weak_ptr<afresh::detail::service>> services_;
};

} // namespace afresh::detail
