// A token request: what it carries besides the grant itself, made anew for each, and how it is sent.

#include "source/chain.hpp"
#include "source/insist.hpp"
#include "source/signing.hpp"

#include <afresh/grant_parameters.hpp>

#include <exception>
#include <utility>

namespace afresh::detail {

using core::verdict;

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

// One exchange. It takes a second request when the server wants another proof of possession: the first one was turned away
// before the grant was looked at (RFC 9449 8, FAULTS A43).
asio::awaitable<chain::answer> chain::ask(bool doubtful, core::moment& sent)
{
    answer got;
    for (;;) {
        const bool again = got.another_proof_may_do;
        std::optional<core::request_extras> extras = co_await make_extras();
        if (!extras) {
            if (again) co_return got;
            got.outcome.ec = errc::temporarily_unavailable;
            got.response = core::parse_token_response(got.outcome, *registration, grant, service->now().wall);
            if (key_is_lost()) got.response.outcome = verdict::misconfigured, got.response.cause = errc::misconfigured;
            co_return got;
        }
        if (!again) report({.what = event::kind::refresh_started, .generation = generation_});
        got = co_await ask_once(*std::move(extras), doubtful, sent);
        got.proved_again = again;
        if (again || !got.another_proof_may_do) co_return got;
    }
}

asio::awaitable<chain::answer> chain::ask_once(core::request_extras extras, bool doubtful, core::moment& sent)
{
    transport_request request;
    request.request = core::make_token_request(*registration, grant, refresh_token_, extras);
    request.connect_limit = service->policy.connect_limit;
    request.exchange_limit = service->policy.exchange_limit;
    request.before_first_byte = [this, &sent, doubtful]() -> error_code {
        const core::moment t = service->now();
        if (lease_until_ && lease_until_->reached(t))
            return errc::temporarily_unavailable; // somebody else may be sending
        if (doubtful && fsm_.must_hold_back(t)) return errc::temporarily_unavailable;
        sent = t;
        requests_.fetch_add(1, std::memory_order_relaxed);
        return {};
    };
    answer got;
    got.outcome = co_await transmit(std::move(request));
    got.response = insist([&] { // it may hold the only copy of the next refresh token
        return core::parse_token_response(got.outcome, *registration, grant, service->now().wall, refresh_token_,
                                          extras);
    });
    wipe(got.outcome.response.body());
    got.another_proof_may_do = insist([&] { return may_prove_again(got); });
    co_return got;
}

// A transport of the user's that throws has perhaps sent: that is an outcome like others.
asio::awaitable<transport_outcome> chain::transmit(transport_request request)
{
    transport_outcome outcome(errc::temporarily_unavailable, true);
    try {
        outcome = co_await service->transport->send(std::move(request));
        failure_detail_ = outcome.ec && outcome.detail.empty() ? outcome.ec.message() : outcome.detail;
    } catch (...) {
        failure_detail_ = text_of(std::current_exception());
    }
    co_return outcome;
}

} // namespace afresh::detail
