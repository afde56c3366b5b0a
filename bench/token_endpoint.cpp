#include "token_endpoint.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace bench {

asio::awaitable<afresh::transport_outcome> token_endpoint::send(afresh::transport_request request)
{
    if (request.before_first_byte) request.before_first_byte();
    const int n = ++requests_;
    if (when_ == on_release) {
        gate_.emplace(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        co_await gate_->async_wait(asio::as_tuple(asio::use_awaitable));
    }
    afresh::http_fields fields;
    fields.add("Content-Type", "application/json");
    afresh::http_response answer(200, std::move(fields),
                                 R"({"access_token":"access-)" + std::to_string(n) +
                                     R"(","token_type":"Bearer","expires_in":86400,"refresh_token":"refresh-)" +
                                     std::to_string(n) + R"("})");
    co_return afresh::transport_outcome(std::move(answer));
}

afresh::token_service make_service(const asio::any_io_executor& executor, std::shared_ptr<token_endpoint> endpoint,
                                   std::shared_ptr<afresh::token_store> store)
{
    afresh::service_options options;
    options.transport = std::move(endpoint);
    options.store = std::move(store);
    options.policy.max_waiters = 10'000'000;
    options.policy.max_wait = std::chrono::minutes(10);
    return afresh::token_service(executor, std::move(options));
}

afresh::token_source make_source(const afresh::token_service& service, const std::string& key,
                                 std::vector<std::string> allowed_origins)
{
    static const auto registration =
        std::make_shared<const afresh::client_registration>("https://issuer.example/token", "bench");
    afresh::source_options options;
    options.key = key;
    options.allowed_origins = std::move(allowed_origins);
    return afresh::token_source(service, registration, afresh::grant::refresh_token("refresh-of-" + key),
                                std::move(options));
}

} // namespace bench
