#pragma once
// A public operation under way that ends with an error code.

#include <afresh/error.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace afresh::detail {

namespace asio = boost::asio;

// Keeps its handler's context at work meanwhile. Its caller may cancel the wait, which does not stop what it waits for.
class pending_call {
public:
    using handler_type = asio::any_completion_handler<void(error_code)>;

    pending_call() = default; // nobody is told
    pending_call(handler_type handler, const asio::any_io_executor& fallback);
    // Posts the handler to its executor.
    void complete(error_code ec);

private:
    struct state;
    struct cancel;
    std::shared_ptr<state> state_;
};

} // namespace afresh::detail
