#pragma once
// An authorization server inside the process: answers at once, or when it is told to.

#include <afresh/token_source.hpp>

#include <atomic>
#include <memory>

namespace bench {

namespace asio = boost::asio;

class token_endpoint final : public afresh::transport {
public:
    explicit token_endpoint(std::chrono::milliseconds delay = {}) : delay_(delay) {}
    asio::awaitable<afresh::transport_outcome> send(afresh::transport_request request) override;

    int requests() const { return requests_; }

private:
    const std::chrono::milliseconds delay_;
    std::atomic<int> requests_{};
};

// A service whose token requests go to `endpoint`, on `executor`.
afresh::token_service make_service(const asio::any_io_executor& executor, std::shared_ptr<token_endpoint> endpoint,
                                   std::shared_ptr<afresh::token_store> store = {});

afresh::token_source make_source(const afresh::token_service& service, const std::string& key);

} // namespace bench
