#include "source/pending_call.hpp"

#include "source/insist.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>

#include <atomic>
#include <utility>

namespace afresh::detail {

struct pending_call::state {
    state(handler_type h, const asio::any_io_executor& ex)
        : handler(std::move(h)),
          fallback(ex),
          work(asio::get_associated_executor(handler, asio::any_completion_executor(ex)))
    {
    }
    static void settle(const std::shared_ptr<state>& s, error_code ec);

    handler_type handler;
    asio::any_io_executor fallback;
    asio::executor_work_guard<asio::any_completion_executor> work;
    std::atomic_flag settled; // by its end, or by its caller, who gave up
};

void pending_call::state::settle(const std::shared_ptr<state>& s, error_code ec)
{
    if (s->settled.test_and_set()) return;
    insist([&] {
        asio::post(s->fallback, asio::bind_executor(s->work.get_executor(), [s, ec] {
                       asio::get_associated_cancellation_slot(s->handler).clear();
                       auto handler = std::move(s->handler);
                       s->work.reset();
                       std::move(handler)(ec);
                   }));
    });
}

struct pending_call::cancel {
    explicit cancel(const std::shared_ptr<state>& s) : call(s) {}
    void operator()(asio::cancellation_type_t) const
    {
        if (const auto s = call.lock()) state::settle(s, asio::error::operation_aborted);
    }
    std::weak_ptr<state> call;
};

pending_call::pending_call(handler_type handler, const asio::any_io_executor& fallback)
    : state_(std::make_shared<state>(std::move(handler), fallback))
{
    auto slot = asio::get_associated_cancellation_slot(state_->handler);
    if (slot.is_connected()) slot.emplace<cancel>(state_);
}

void pending_call::complete(error_code ec)
{
    if (const auto s = std::exchange(state_, nullptr)) state::settle(s, ec);
}

} // namespace afresh::detail
