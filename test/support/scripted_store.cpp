#include "support/scripted_store.hpp"

#include "support/steps.hpp"

#include <stdexcept>
#include <utility>

namespace afresh::test {
namespace {

using kind = store_fate::kind;

} // namespace

void scripted_store::plan(script s)
{
    std::lock_guard lock(mutex_);
    script_ = std::move(s);
}

asio::awaitable<store_reply> scripted_store::execute(std::string key, store_command command)
{
    store_fate fate;
    {
        std::lock_guard lock(mutex_);
        ++commands_;
        if (script_) fate = script_(commands_, command);
    }
    co_await steps(steps_each, fate.time);
    store_reply reply;
    if (fate.end == kind::throws) throw std::runtime_error("a store that throws");
    if (fate.end != kind::fails) reply = change(key, command);
    co_await steps(steps_each);
    if (fate.end == kind::throws_after) throw 1;
    if (fate.end == kind::fails || fate.end == kind::fails_after) {
        reply = store_reply();
        reply.outcome = store_reply::status::failed;
        reply.error = errc::store_failed;
        reply.error_text = "a store that fails";
    }
    co_return reply;
}

store_reply scripted_store::change(const std::string& key, const store_command& command)
{
    std::lock_guard lock(mutex_);
    chain_record record;
    const auto row = rows_.find(key);
    const bool found = row != rows_.end();
    if (found) record = row->second;
    store_reply reply = apply(record, command, time_ ? time_->now().wall : std::chrono::system_clock::now(), found);
    if (record != chain_record()) rows_[key] = std::move(record);
    return reply;
}

chain_record scripted_store::record(const std::string& key) const
{
    std::lock_guard lock(mutex_);
    const auto row = rows_.find(key);
    return row == rows_.end() ? chain_record() : row->second;
}

std::string scripted_store::held(const std::string& key) const
{
    return std::string(record(key).refresh_token.reveal());
}

unsigned scripted_store::commands() const
{
    std::lock_guard lock(mutex_);
    return commands_;
}

} // namespace afresh::test
