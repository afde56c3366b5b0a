#pragma once
/// @file
/// What all token sources of a program share.

#include <afresh/refresh_policy.hpp>
#include <afresh/status.hpp>
#include <afresh/time_source.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <memory>

namespace afresh {

class token_store; // in <afresh/token_store.hpp>
class transport;   // in <afresh/transport.hpp>

namespace detail {
class service;
}

/// The parts of a `token_service`; goes to its constructor only. Each that is left empty gets its default.
struct service_options {
    std::shared_ptr<afresh::transport> transport{}; ///< default: `make_http_transport()`
    std::shared_ptr<token_store> store{};           ///< default: `make_memory_token_store()`, which a restart forgets
    std::shared_ptr<time_source> time{};            ///< default: the system's clocks
    refresh_policy policy{};
    event_hook on_event{};
};

/// What all chains of a program share: executor, transport, store, policy, clocks, a fixed set of strands and one
/// timer. Programs with one token source need not name it; programs with a million principals make one and hand it to
/// each.
///
/// @par Thread safety Distinct objects: safe. Shared objects: safe, except for assignment and destruction.
/// @par Lifetime      The execution context must outlive it. Sources keep the shared parts alive.
class AFRESH_EXPORT token_service {
public:
    using executor_type = asio::any_io_executor;

    /// @par Exceptions    `boost::system::system_error` with `errc::invalid_argument`, whose text names the field.
    explicit token_service(executor_type executor, service_options options = {});

    executor_type get_executor() const noexcept;
    /// For the library's own parts.
    const std::shared_ptr<detail::service>& implementation() const noexcept { return impl_; }

private:
    std::shared_ptr<detail::service> impl_;
};

} // namespace afresh
