// What a token request carries besides the grant itself, made anew for each.

#include "source/chain.hpp"
#include "source/signing.hpp"

#include <afresh/grant_parameters.hpp>

#include <exception>
#include <utility>

namespace afresh::detail {

// Nothing: a key, or the program's own part, could not; `failure_detail_` says why. Then nothing is sent.
asio::awaitable<std::optional<core::request_extras>> chain::make_extras()
{
    core::request_extras extras;
    try {
        extras.assertion = co_await client_assertion(*registration, service->now().wall);
        extras.proof = co_await prove_possession();
        if (grant.further()) extras.further = co_await grant.further()->next();
    } catch (...) {
        failure_detail_ = text_of(std::current_exception());
        co_return std::nullopt;
    }
    co_return extras;
}

} // namespace afresh::detail
