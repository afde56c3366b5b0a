#pragma once
// The connections of one listener that one thread serves. Asio.

#include "cli/gateway/inbound.hpp"
#include "cli/gateway/next_turn.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <set>

namespace afresh::cli {

// Answers one request.
using request_handler = std::function<asio::awaitable<void>(std::shared_ptr<inbound>)>;

// Everything on the executor, but for size(), which is for all threads.
class connections : public std::enable_shared_from_this<connections> {
public:
    explicit connections(const asio::any_io_executor& executor) : executor_(executor), turn_(executor) {}
    connections(const connections&) = delete;
    connections& operator=(const connections&) = delete;

    const asio::any_io_executor& executor() const noexcept { return executor_; }
    // Who answers from the next request on.
    void answer_with(std::shared_ptr<const request_handler> h) { handler_ = std::move(h); }
    // What comes before any request: may answer in its own way, and then says true.
    using greeting = std::function<asio::awaitable<bool>(std::shared_ptr<inbound>)>;
    void greet_with(greeting g) { greeting_ = std::move(g); }
    // The names that a request's Host may have besides those that nobody can own. Null: any.
    using host_names = std::shared_ptr<const std::vector<std::string>>;
    void expect_hosts(host_names h) { hosts_ = std::move(h); }
    void serve(inbound_socket socket);
    // Those that have waited too long end. Once a second.
    void sweep();
    // Those that are idle end, others when they have been served.
    void drain();
    std::size_t size() const noexcept { return count_.load(std::memory_order_relaxed); }

private:
    static asio::awaitable<void> answer_all(std::shared_ptr<connections> self, std::shared_ptr<inbound> in);

    const asio::any_io_executor executor_;
    next_turn turn_;
    std::shared_ptr<const request_handler> handler_;
    greeting greeting_;
    host_names hosts_;
    std::set<std::shared_ptr<inbound>> open_;
    std::atomic<std::size_t> count_{};
    bool draining_{};
};

} // namespace afresh::cli
