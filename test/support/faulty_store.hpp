#pragma once
// A store between the test and another one: fails the commands of the test's choosing, before or after they took
// effect.

#include <afresh/token_store.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

namespace afresh::test {

class faulty_store final : public token_store {
public:
    enum class fault {
        none,
        before, // nothing was written
        after,  // it was written, and the acknowledgement is lost
        throws,
    };
    // What happens to a command: asked with its number, from 0 on.
    using plan = std::function<fault(std::size_t, const store_command&)>;

    explicit faulty_store(std::shared_ptr<token_store> inner, plan p = {})
        : inner_(std::move(inner)), plan_(std::move(p))
    {
    }

    static plan nth(std::size_t n, fault f = fault::before)
    {
        return [=](std::size_t i, const store_command&) { return i == n ? f : fault::none; };
    }
    static plan every(store_command::kind what, fault f = fault::before)
    {
        return [=](std::size_t, const store_command& c) { return c.what == what ? f : fault::none; };
    }
    void set(plan p)
    {
        std::lock_guard lock(mutex_);
        plan_ = std::move(p);
    }
    std::vector<store_command::kind> seen() const
    {
        std::lock_guard lock(mutex_);
        return seen_;
    }

    asio::awaitable<store_reply> execute(std::string key, store_command command) override
    {
        const fault f = next(command);
        if (f == fault::throws) throw std::runtime_error("the store throws, as the test wants");
        store_reply reply;
        if (f != fault::before) reply = co_await inner_->execute(std::move(key), std::move(command));
        if (f != fault::none) {
            reply = store_reply();
            reply.outcome = store_reply::status::failed;
            reply.error = errc::store_failed;
            reply.error_text = "the store fails, as the test wants";
        }
        co_return reply;
    }
    bool is_durable() const noexcept override { return inner_->is_durable(); }

private:
    fault next(const store_command& command)
    {
        std::lock_guard lock(mutex_);
        seen_.push_back(command.what);
        return plan_ ? plan_(seen_.size() - 1, command) : fault::none;
    }

    std::shared_ptr<token_store> inner_;
    mutable std::mutex mutex_;
    plan plan_;
    std::vector<store_command::kind> seen_;
};

} // namespace afresh::test
