#include "flow/fetch.hpp"

#include <chrono>
#include <exception>
#include <utility>

namespace afresh::detail {

asio::awaitable<transport_outcome> ask(transport& t, http_request request)
{
    transport_request sent(std::move(request));
    sent.exchange_limit = std::chrono::seconds(30);
    transport_outcome outcome(errc::temporarily_unavailable, true);
    try {
        outcome = co_await t.send(std::move(sent));
    } catch (const std::exception& e) {
        outcome.detail = e.what();
    }
    co_return outcome;
}

http_request get_json(std::string url)
{
    http_request request("GET", std::move(url));
    request.field("Accept", "application/json");
    return request;
}

std::string text_of(const transport_outcome& outcome)
{
    if (!outcome.ec) return "the server answered with status " + std::to_string(outcome.response.status());
    return outcome.detail.empty() ? outcome.ec.message() : outcome.detail;
}

} // namespace afresh::detail
