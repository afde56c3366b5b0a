#include "client/async_call.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/system/system_error.hpp>

#include <utility>

namespace afresh {

async_call::async_call(const asio::any_io_executor& ex, handler_type handler)
    : strand_(asio::make_strand(ex)),
      handler_(std::move(handler)),
      work_(asio::get_associated_executor(handler_, asio::any_completion_executor(ex)))
{
}

void async_call::run(std::function<asio::awaitable<transport_outcome>()> body)
{
    const auto self = shared_from_this();
    if (auto slot = asio::get_associated_cancellation_slot(handler_); slot.is_connected())
        slot.assign([weak = weak_from_this()](asio::cancellation_type) {
            if (const auto call = weak.lock())
                asio::post(call->strand_, [call] { call->stop_.emit(asio::cancellation_type::terminal); });
        });
    const auto done = [self](std::exception_ptr thrown, transport_outcome outcome) {
        if (thrown) {
            try {
                std::rethrow_exception(thrown);
            } catch (const boost::system::system_error& e) {
                outcome.ec = e.code();
            } catch (...) { // out of memory
                outcome.ec = make_error_code(boost::system::errc::not_enough_memory);
            }
        }
        self->complete(outcome.ec, std::move(outcome.response));
    };
    // Posted, so that the handler never runs within the initiating function.
    asio::post(strand_, [self, body = std::move(body), done]() mutable {
        asio::co_spawn(self->strand_, body(), asio::bind_cancellation_slot(self->stop_.slot(), done));
    });
}

void async_call::complete(error_code ec, http_response r)
{
    asio::post(strand_,
               asio::bind_executor(work_.get_executor(), [self = shared_from_this(), ec, r = std::move(r)]() mutable {
                   asio::get_associated_cancellation_slot(self->handler_).clear();
                   auto handler = std::move(self->handler_);
                   self->work_.reset();
                   std::move(handler)(ec, std::move(r));
               }));
}

} // namespace afresh
