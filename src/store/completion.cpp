#include "store/completion.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>

#include <mutex>
#include <unordered_map>
#include <utility>

namespace afresh::store {

struct completion::waiting {
    asio::any_io_executor executor; // tracked: its context does not run out of work
    handler call;
};

// While a context lives, posting to it and forgetting its work happen under this mutex; when it is destroyed, it takes
// all handlers away under the same mutex. So nothing here ever touches a context that is gone.
struct completion::context_state {
    std::mutex mutex;
    std::unordered_map<waiting*, std::unique_ptr<waiting>> all;
};

class completion::context_service : public asio::execution_context::service {
public:
    using key_type = context_service;
    static asio::execution_context::id id;

    explicit context_service(asio::execution_context& context) : asio::execution_context::service(context) {}
    const std::shared_ptr<context_state>& state() const noexcept { return state_; }

private:
    void shutdown() override
    {
        decltype(context_state::all) abandoned;
        {
            std::lock_guard lock(state_->mutex);
            abandoned.swap(state_->all);
        }
    } // the handlers' destructors run without the mutex: they may destroy a whole token source

    std::shared_ptr<context_state> state_ = std::make_shared<context_state>();
};

asio::execution_context::id completion::context_service::id;

completion::completion(asio::any_io_executor executor, handler h)
    : context_(asio::use_service<context_service>(asio::query(executor, asio::execution::context)).state())
{
    auto tracked = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    auto fresh = std::make_unique<waiting>(waiting{std::move(tracked), std::move(h)});
    waiting_ = fresh.get();
    std::lock_guard lock(context_->mutex);
    context_->all.emplace(waiting_, std::move(fresh));
}

completion::~completion() = default;

void completion::operator()(store_reply reply)
{
    const std::shared_ptr<context_state> context = std::move(context_);
    if (!context) return;
    std::lock_guard lock(context->mutex);
    const auto found = context->all.find(waiting_);
    if (found == context->all.end()) return;
    const std::unique_ptr<waiting> w = std::move(found->second);
    context->all.erase(found);
    asio::post(w->executor,
               [call = std::move(w->call), r = std::move(reply)]() mutable { std::move(call)(std::move(r)); });
}

} // namespace afresh::store
