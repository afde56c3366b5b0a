#pragma once
// Asks a store, and waits for the answer.

#include "support/commands.hpp"
#include "support/run.hpp"

#include <afresh/token_store.hpp>

#include <memory>

namespace afresh::test {

class store_client {
public:
    explicit store_client(std::shared_ptr<token_store> s, std::string key = "chain")
        : store_(std::move(s)), key_(std::move(key))
    {
    }

    store_reply ask(const store_command& command) { return run(context_, store_->execute(key_, command)); }
    status does(const store_command& command) { return ask(command).outcome; }
    chain_record record() { return ask(store_command()).record; }
    // The fence of the lease, which must be free.
    std::uint64_t lease(const std::string& owner = "a", milliseconds ttl = seconds(60))
    {
        const store_reply reply = ask(take(owner, ttl));
        if (reply.outcome != status::ok) throw std::runtime_error("no lease: " + reply.error_text);
        return reply.record.holder.fence;
    }
    // A chain of `refresh_token` at generation 1, its lease free.
    void begin(const std::string& refresh_token = "r1")
    {
        const std::uint64_t fence = lease();
        does(replace(fence, 0, refresh_token, refresh_token));
        does(release(fence));
    }

private:
    asio::io_context context_;
    std::shared_ptr<token_store> store_;
    std::string key_;
};

} // namespace afresh::test
