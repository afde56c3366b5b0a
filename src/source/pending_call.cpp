#include "source/pending_call.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <utility>

namespace afresh::detail {

struct pending_call::state {
    handler_type handler;
    asio::any_io_executor fallback;
    asio::executor_work_guard<asio::any_completion_executor> work;
};

pending_call::pending_call(handler_type handler, const asio::any_io_executor& fallback)
{
    auto work = asio::make_work_guard(asio::get_associated_executor(handler, asio::any_completion_executor(fallback)));
    state_ = std::make_shared<state>(state{std::move(handler), fallback, std::move(work)});
}

void pending_call::complete(error_code ec)
{
    if (!state_) return;
    const auto s = std::exchange(state_, nullptr);
    asio::post(s->fallback, asio::bind_executor(s->work.get_executor(), [s, ec] {
                   auto handler = std::move(s->handler);
                   s->work.reset();
                   std::move(handler)(ec);
               }));
}

} // namespace afresh::detail
