#include "http/http1_client.hpp"

#include "core/url.hpp"
#include "http/connection_pool.hpp"
#include "net/exchange.hpp"
#include "net/tls_context.hpp"

#include <boost/system/system_error.hpp>

#include <algorithm>

namespace afresh::http {

namespace {

using std::chrono::milliseconds;

// RFC 9110 9.2.2
bool is_idempotent(std::string_view method)
{
    static constexpr std::string_view methods[] = {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"};
    return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

// RFC 9112 9.3.1: the server closed a kept connection while the request was on its way.
bool may_send_again(const net::exchange_result& r, std::string_view method)
{
    return r.ec == errc::connection_lost && !r.any_byte_received && (!r.sent || is_idempotent(method));
}

void check(const http_limits& l)
{
    const bool times_ok = std::min({l.connect, l.tls, l.pool_wait, l.idle}) > milliseconds::zero() &&
                          std::min({l.first_byte, l.body_idle, l.total}) >= milliseconds::zero();
    const bool counts_ok =
        std::min({l.header, l.body, l.connections_per_origin, l.waiters_per_origin, l.idle_per_origin}) > 0;
    if (!times_ok || !counts_ok)
        throw boost::system::system_error(make_error_code(errc::invalid_argument),
                                          "http_limits: a value is out of range");
}

net::exchange_limits for_exchange(const http_limits& l, net::clock::time_point by)
{
    net::exchange_limits e;
    e.first_byte = l.first_byte;
    e.body_idle = l.body_idle;
    e.by = by;
    e.header = l.header;
    e.body = l.body;
    return e;
}

} // namespace

struct http1_client::state {
    state(asio::any_io_executor ex, const tls_options& t, const http_limits& l)
        : executor(std::move(ex)),
          tls(net::shared_tls_context(t)),
          limits(l),
          pool(std::make_shared<connection_pool>(l))
    {
    }

    asio::awaitable<transport_outcome> converse(const http_request& request, const core::url_parts& to,
                                                const net::request_text& text, bool& sent)
    {
        const auto start = net::clock::now();
        const auto by = limits.total > milliseconds::zero() ? start + limits.total : net::clock::time_point::max();
        auto origin = to.origin();
        const auto pool_by = std::min(by, start + limits.pool_wait);
        // what must not be sent twice deserves the best knowledge about the connection
        using probing = connection_pool::probing;
        const auto probe = is_idempotent(request.method()) ? probing::unless_just_used : probing::always;
        auto slot = co_await pool->acquire(std::move(origin), pool_by, probe);
        if (!slot) co_return transport_outcome(slot.error(), sent);
        for (;;) {
            const bool reused = slot->link != nullptr;
            if (!reused) {
                const net::connect_limits c{limits.connect, limits.tls, by};
                auto made = co_await net::connect(executor, to, *tls, c);
                if (!made.link) co_return transport_outcome(made.ec, std::move(made.detail), sent);
                slot->link = std::move(made.link);
            }
            const auto l = for_exchange(limits, by);
            const std::function<error_code()> no_question;
            auto r = co_await net::exchange(*slot->link, text, request.method() == "HEAD", l, no_question);
            sent = sent || r.sent;
            if (reused && may_send_again(r, request.method())) {
                slot->link.reset();
                continue; // on a fresh connection, so this happens once at most
            }
            if (r.reusable) slot->keep(r.keep_alive_for);
            transport_outcome outcome(r.ec, sent);
            outcome.response = std::move(r.response);
            co_return outcome;
        }
    }

    static asio::awaitable<transport_outcome> send(std::shared_ptr<state> self, const http_request& request,
                                                   const core::url_parts& to)
    {
        const auto text = net::make_request_text(request, to, net::after_response::keep_open);
        if (!text) co_return transport_outcome(text.error(), false);
        error_code ec;
        bool sent = false;
        try {
            co_return co_await self->converse(request, to, *text, sent);
        } catch (const boost::system::system_error& e) {
            ec = e.code(); // cancelled between two operations; an exchange under way reports for itself
        }
        co_return transport_outcome(ec, sent);
    }

    static asio::awaitable<transport_outcome> parse_and_send(std::shared_ptr<state> self, const http_request& request)
    {
        const auto to = core::parse_url(request.url());
        if (!to) co_return transport_outcome(to.error(), false);
        co_return co_await send(std::move(self), request, *to);
    }

    const asio::any_io_executor executor;
    const std::shared_ptr<net::tls_context> tls;
    const http_limits limits;
    const std::shared_ptr<connection_pool> pool;
};

http1_client::http1_client(asio::any_io_executor executor, const tls_options& tls, const http_limits& limits)
{
    check(limits);
    state_ = std::make_shared<state>(std::move(executor), tls, limits);
}

http1_client::~http1_client() { state_->pool->close(); }

asio::awaitable<transport_outcome> http1_client::send(const http_request& request)
{
    return state::parse_and_send(state_, request);
}

asio::awaitable<transport_outcome> http1_client::send(const http_request& request, const core::url_parts& to)
{
    return state::send(state_, request, to);
}

} // namespace afresh::http
