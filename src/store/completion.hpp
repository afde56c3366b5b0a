#pragma once
// A handler that another thread will call. Kept by its execution context, which may be destroyed first: the handler,
// which owns a suspended coroutine, is then destroyed with it, and the other thread finds nobody to call.

#include <afresh/token_store.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace afresh::store {

class completion {
public:
    using handler = asio::any_completion_handler<void(store_reply)>;

    // Counts as outstanding work of `executor` from now on.
    completion(asio::any_io_executor executor, handler h);
    ~completion();
    completion(completion&&) noexcept = default;
    completion& operator=(completion&&) = delete;

    // Posts the handler to its executor, if that still lives. Once, from any thread.
    void operator()(store_reply reply);

private:
    struct waiting;
    struct context_state;
    class context_service;

    std::shared_ptr<context_state> context_;
    waiting* waiting_; // owned by context_
};

} // namespace afresh::store
