#include <afresh/http_client.hpp>

#include "http/http1_client.hpp"

#include <afresh/authorized.hpp>

#include <utility>

namespace afresh {
namespace {

http_response taken(transport_outcome outcome)
{
    if (outcome.ec && !outcome.detail.empty()) throw boost::system::system_error(outcome.ec, outcome.detail);
    if (outcome.ec) throw boost::system::system_error(outcome.ec);
    return std::move(outcome.response);
}

// A copy of a request, with the token's fields. They are wiped in the end.
struct request_with_token {
    request_with_token(const http_request& r, const http_fields& authorization) : request(r)
    {
        for (const http_field& f : authorization) request.fields().set(f.name, f.value);
    }
    request_with_token(const request_with_token&) = delete;
    request_with_token& operator=(const request_with_token&) = delete;
    ~request_with_token() { request.fields().wipe(); }

    http_request request;
};

// What `authorized` calls: through the pool.
struct sender {
    std::shared_ptr<http::http1_client> http;

    asio::awaitable<http_response> operator()(const http_request& request, const http_fields& authorization)
    {
        const request_with_token copy(request, authorization);
        transport_outcome outcome = co_await http->send(copy.request);
        co_return taken(std::move(outcome));
    }
};

} // namespace

struct http_client::state {
    std::shared_ptr<http::http1_client> http;
    authorized<sender> call;
};

http_client::http_client(token_source tokens) : http_client(std::move(tokens), http_client_options()) {}

http_client::http_client(token_source tokens, http_client_options options)
    : http_client(tokens.get_executor(), tokens, std::move(options))
{
}

http_client::http_client(asio::any_io_executor executor, token_source tokens)
    : http_client(std::move(executor), std::move(tokens), http_client_options())
{
}

http_client::http_client(asio::any_io_executor executor, token_source tokens, http_client_options options)
{
    auto http = std::make_shared<http::http1_client>(std::move(executor), options.tls, options.limits);
    state_ = std::make_shared<state>(state{http, authorized<sender>(std::move(tokens), sender{http})});
}

asio::awaitable<http_response> http_client::request(http_request r)
{
    const auto keep = state_; // the client may be destroyed meanwhile
    if (r.fields().contains("Authorization")) {
        transport_outcome outcome = co_await keep->http->send(r);
        co_return taken(std::move(outcome));
    }
    co_return co_await keep->call(std::move(r));
}

asio::awaitable<http_response> http_client::get(std::string url)
{
    http_request r("GET", std::move(url));
    return request(std::move(r));
}

asio::awaitable<http_response> http_client::post(std::string url, std::string body, std::string content_type)
{
    http_request r("POST", std::move(url));
    r.field("Content-Type", std::move(content_type)).body(std::move(body));
    return request(std::move(r));
}

const token_source& http_client::tokens() const noexcept { return state_->call.tokens(); }

} // namespace afresh
