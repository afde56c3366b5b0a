#include <afresh/http_client.hpp>

#include "client/async_call.hpp"
#include "client/http_stream.hpp"
#include "client/token_carrier.hpp"
#include "http/http1_client.hpp"
#include "http/upgrade.hpp"
#include "http/websocket_handshake.hpp"

#include <boost/system/system_error.hpp>

#include <optional>
#include <stdexcept>
#include <utility>

namespace afresh {
namespace {

[[noreturn]] void raise(const error_code& ec, const std::string& detail)
{
    if (detail.empty()) throw boost::system::system_error(ec);
    throw boost::system::system_error(ec, detail);
}

} // namespace

struct http_client::state {
    state(asio::any_io_executor ex, std::optional<token_source> t, const http_client_options& o)
        : executor(ex), tokens(std::move(t)), http(std::make_shared<http::http1_client>(std::move(ex), o))
    {
    }

    // Who attaches a token to this request, if anybody does.
    std::optional<token_carrier> carrier(const http_request& r) const
    {
        if (!tokens || r.fields().contains("Authorization")) return std::nullopt;
        return std::optional<token_carrier>(std::in_place, *tokens);
    }

    static asio::awaitable<transport_outcome> send(std::shared_ptr<state> self, http_request r)
    {
        auto who = self->carrier(r);
        const http::call_options how{who ? &*who : nullptr, false};
        co_return co_await self->http->send(r, how);
    }
    // As send(), in two frames less; and so is open().
    static asio::awaitable<http_response> request(std::shared_ptr<state> self, http_request r)
    {
        auto who = self->carrier(r);
        const http::call_options how{who ? &*who : nullptr, false};
        http::call_result result;
        co_await self->http->call(r, how, result);
        if (result.ec) raise(result.ec, result.detail);
        co_return result.take_response();
    }
    static asio::awaitable<http_stream> open(std::shared_ptr<state> self, http_request r)
    {
        auto who = self->carrier(r);
        const http::call_options how{who ? &*who : nullptr, true};
        auto stream = std::make_unique<http_stream::state>(self->http);
        const http::call_result& result = stream->result;
        co_await self->http->call(r, how, stream->result);
        if (result.ec) raise(result.ec, result.detail);
        co_return http_stream(std::move(stream));
    }

    static asio::awaitable<afresh::websocket> websocket(std::shared_ptr<state> self, http_request r,
                                                        websocket_options options)
    {
        auto who = self->carrier(r);
        http::authorizer* const with = who ? &*who : nullptr;
        auto result = co_await http::open_websocket(self->http, std::move(r), std::move(options), with);
        if (result.ec) raise(result.ec, result.detail);
        if (!result.made) throw http_status_error(std::move(result.refused));
        co_return afresh::websocket(std::move(result.made));
    }

    static asio::awaitable<http_upgrade> upgrade(std::shared_ptr<state> self, http_request r)
    {
        auto who = self->carrier(r);
        http::authorizer* const with = who ? &*who : nullptr;
        auto result = co_await http::open_upgrade(self->http, std::move(r), with);
        if (result.ec) raise(result.ec, result.detail);
        co_return std::move(result.made);
    }

    const asio::any_io_executor executor;
    const std::optional<token_source> tokens;
    const std::shared_ptr<http::http1_client> http;
};

http_client::http_client(token_source tokens) : http_client(std::move(tokens), http_client_options()) {}

http_client::http_client(token_source tokens, http_client_options options)
    : http_client(tokens.get_executor(), tokens, std::move(options))
{
}

http_client::http_client(executor_type executor, token_source tokens)
    : http_client(std::move(executor), std::move(tokens), http_client_options())
{
}

http_client::http_client(executor_type executor, token_source tokens, http_client_options options)
    : state_(std::make_shared<state>(std::move(executor), std::move(tokens), options))
{
}

http_client::http_client(executor_type executor) : http_client(std::move(executor), http_client_options()) {}

http_client::http_client(executor_type executor, http_client_options options)
    : state_(std::make_shared<state>(std::move(executor), std::nullopt, options))
{
}

http_client::executor_type http_client::get_executor() const noexcept { return state_->executor; }

asio::awaitable<http_response> http_client::request(http_request r) { return state::request(state_, std::move(r)); }
asio::awaitable<http_stream> http_client::open(http_request r) { return state::open(state_, std::move(r)); }
http_event_stream http_client::events(http_request r) const { return events(std::move(r), http_event_options()); }
http_event_stream http_client::events(http_request r, http_event_options options) const
{
    return http_event_stream(*this, std::move(r), options);
}

asio::awaitable<afresh::websocket> http_client::websocket(std::string url)
{
    return websocket(http_request("GET", std::move(url)), websocket_options());
}
asio::awaitable<afresh::websocket> http_client::websocket(http_request r, websocket_options options)
{
    return state::websocket(state_, std::move(r), std::move(options));
}

asio::awaitable<http_upgrade> http_client::upgrade(http_request r) { return state::upgrade(state_, std::move(r)); }

namespace {

http_request with_body(const char* method, std::string url, std::string body, std::string content_type)
{
    http_request r(method, std::move(url));
    r.field("Content-Type", std::move(content_type)).body(std::move(body));
    return r;
}

} // namespace

asio::awaitable<http_response> http_client::get(std::string url)
{
    return state::request(state_, {"GET", std::move(url)});
}
asio::awaitable<http_response> http_client::head(std::string url) { return request({"HEAD", std::move(url)}); }
asio::awaitable<http_response> http_client::del(std::string url) { return request({"DELETE", std::move(url)}); }

asio::awaitable<http_response> http_client::post(std::string url, std::string body, std::string content_type)
{
    return request(with_body("POST", std::move(url), std::move(body), std::move(content_type)));
}
asio::awaitable<http_response> http_client::put(std::string url, std::string body, std::string content_type)
{
    return request(with_body("PUT", std::move(url), std::move(body), std::move(content_type)));
}
asio::awaitable<http_response> http_client::patch(std::string url, std::string body, std::string content_type)
{
    return request(with_body("PATCH", std::move(url), std::move(body), std::move(content_type)));
}

void http_client::start_request(const std::weak_ptr<state>& self, const asio::any_io_executor& ex,
                                request_handler handler, http_request r)
{
    const auto call = std::make_shared<async_call>(ex, std::move(handler));
    const auto held = self.lock();
    if (!held) return call->complete(errc::closed, http_response());
    call->run([held, r = std::move(r)]() mutable { return state::send(std::move(held), std::move(r)); });
}

void http_client::close() { state_->http->close(); }
http_metrics http_client::metrics() const { return state_->http->metrics(); }

const token_source& http_client::tokens() const
{
    if (!state_->tokens) throw std::logic_error("this http_client carries no token");
    return *state_->tokens;
}

} // namespace afresh
