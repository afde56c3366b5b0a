#pragma once
// An authorization server inside the process: answers at once, or when it is told to.

#include <afresh/token_source.hpp>
#include <afresh/token_store.hpp>
#include <afresh/transport.hpp>

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bench {

namespace asio = boost::asio;

class token_endpoint final : public afresh::transport {
public:
    enum answers { at_once, on_release };
    explicit token_endpoint(answers when = at_once) : when_(when) {}
    asio::awaitable<afresh::transport_outcome> send(afresh::transport_request request) override;

    int requests() const { return requests_; }
    // Lets the request under way have its answer; on the thread that runs it.
    void release() { gate_->cancel(); }

private:
    const answers when_;
    std::atomic<int> requests_{};
    std::optional<asio::steady_timer> gate_;
};

// A service whose token requests go to `endpoint`, on `executor`.
afresh::token_service make_service(const asio::any_io_executor& executor, std::shared_ptr<token_endpoint> endpoint,
                                   std::shared_ptr<afresh::token_store> store = {});

// Its token may be sent to `allowed_origins`, which is nowhere unless there are some.
afresh::token_source make_source(const afresh::token_service& service, const std::string& key,
                                 std::vector<std::string> allowed_origins = {});

} // namespace bench
