#include <afresh/token_store.hpp>

#include <map>
#include <mutex>
#include <utility>

namespace afresh {
namespace {

class memory_token_store final : public token_store {
public:
    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        // Nothing here waits: the lock is held for one in-memory change and never across a suspension.
        co_return change(key, command);
    }
    bool is_durable() const noexcept override { return false; }

private:
    store_reply change(const std::string& key, const store_command& command)
    {
        std::lock_guard lock(mutex_);
        const auto row = rows_.find(key);
        const bool found = row != rows_.end();
        // A copy, so that running out of memory half way leaves the record as it was.
        chain_record record = found ? row->second : chain_record();
        store_reply reply = apply(record, command, std::chrono::system_clock::now(), found);
        if (found)
            row->second = std::move(record);
        else if (record != chain_record())
            rows_.emplace(key, std::move(record));
        return reply;
    }

    std::mutex mutex_;
    std::map<std::string, chain_record, std::less<>> rows_;
};

} // namespace

std::shared_ptr<token_store> make_memory_token_store() { return std::make_shared<memory_token_store>(); }

} // namespace afresh
