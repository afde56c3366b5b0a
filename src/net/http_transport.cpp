#include "core/url.hpp"
#include "net/dial.hpp"
#include "net/exchange.hpp"
#include "net/tls_context.hpp"

#include <afresh/http_transport.hpp>

#include <boost/asio/this_coro.hpp>

#include <utility>

namespace afresh {
namespace {

class http_transport final : public transport {
public:
    explicit http_transport(const tls_options& options) : tls_(net::shared_tls_context(options)) {}

    asio::awaitable<transport_outcome> send(transport_request r) override
    {
        const auto to = core::parse_url(r.request.url());
        if (!to) co_return transport_outcome(to.error(), false);
        net::request_text_options options;
        options.then = net::after_response::close;
        const auto text = net::make_request_text(r.request, *to, options);
        if (!text) co_return transport_outcome(text.error(), false);

        const auto now = net::clock::now();
        const net::dial_limits dial_limits{r.connect_limit, r.connect_limit, now + r.connect_limit};
        const net::route direct;
        auto executor = co_await asio::this_coro::executor;
        auto made = co_await net::dial(executor, *to, direct, names_, *tls_, dial_limits);
        if (!made.link) co_return transport_outcome(made.ec, std::move(made.detail), false);

        net::exchange_limits limits;
        limits.total = r.exchange_limit;
        limits.header = r.header_limit;
        limits.body = r.body_limit;
        const bool to_head = r.request.method() == "HEAD";
        auto answer = co_await net::exchange(*made.link, *text, to_head, limits, r.before_first_byte);
        transport_outcome outcome(answer.ec, answer.sent);
        outcome.response = std::move(answer.response);
        co_return outcome;
    }

private:
    const std::shared_ptr<net::tls_context> tls_;
    const std::shared_ptr<net::address_book> names_ = std::make_shared<net::address_book>(net::clock::duration::zero());
};

} // namespace

std::shared_ptr<transport> make_http_transport(const tls_options& options)
{
    return std::make_shared<http_transport>(options);
}

} // namespace afresh
