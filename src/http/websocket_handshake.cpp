#include "http/websocket_handshake.hpp"

#include "core/text.hpp"
#include "http/handshake.hpp"
#include "http/websocket_state.hpp"

#include <boost/asio/as_tuple.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace afresh::http {
namespace {

namespace ws = boost::beast::websocket;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// What of the request's fields a handshake may carry: those that make it one are not the caller's.
bool is_sendable(const http_fields& fields)
{
    static constexpr const char* ours[] = {"Host",
                                           "Connection",
                                           "Upgrade",
                                           "Sec-WebSocket-Key",
                                           "Sec-WebSocket-Version",
                                           "Sec-WebSocket-Extensions",
                                           "Content-Length",
                                           "Transfer-Encoding"};
    return std::none_of(std::begin(ours), std::end(ours), [&](const char* name) { return fields.contains(name); }) &&
           std::all_of(fields.begin(), fields.end(), [](const http_field& f) {
               return core::is_http_token(f.name) && core::is_field_value(f.value);
           });
}

// RFC 6455 4.1: nothing but one of those that were offered.
bool was_offered(std::string_view subprotocol, std::string_view offered)
{
    while (!offered.empty())
        if (core::take_element(offered) == subprotocol) return true;
    return false;
}

struct wanted : handshake {
    websocket_options options;
};

// On the strand: a connection, and the handshake over it.
asio::awaitable<websocket_result> attempt(std::shared_ptr<http1_client> http, std::shared_ptr<handshake> of_all,
                                          std::shared_ptr<const wiped_fields> fields)
{
    const auto what = std::static_pointer_cast<const wanted>(std::move(of_all));
    websocket_result r;
    const asio::any_io_executor strand = co_await asio::this_coro::executor;
    auto dialled = co_await http->dial(strand, what->to, what->by);
    if (!dialled.link) {
        r.ec = dialled.ec;
        r.detail = std::move(dialled.detail);
        co_return r;
    }
    const auto link = std::make_shared<connection_link>(std::move(dialled.link), strand);
    auto made = std::make_shared<websocket::state>(link);
    ws::permessage_deflate deflate;
    deflate.client_enable = what->options.compress;
    made->stream.set_option(deflate);
    made->stream.set_option(ws::stream_base::decorator([fields](ws::request_type& request) {
        for (const http_field& f : fields->fields) request.set(f.name, f.value);
    }));
    const auto until = what->until(http->options().limits);
    link->limit().expire_at(until);
    ws::response_type answer;
    const std::string host(what->to.authority());
    auto [ec] = co_await made->stream.async_handshake(answer, host, what->to.target, as_values);
    link->limit().stop();
    if (link->limit().expired()) ec = what->late(until);
    made->stream.set_option(ws::stream_base::decorator([](ws::request_type&) {})); // `fields` may go
    if (ec == ws::error::upgrade_declined) {
        r.refused = http_response(answer.result_int(), copied(answer), std::move(answer.body()));
        co_return r;
    }
    r.ec = websocket_error(ec);
    if (r.ec) co_return r;
    made->opened(what->options, copied(answer));
    if (!made->subprotocol.empty() && !was_offered(made->subprotocol, what->options.subprotocols)) {
        r.ec = errc::malformed_http;
        r.detail = "the server chose a subprotocol that was not offered";
        co_return r;
    }
    r.made = std::move(made);
    co_return r;
}

} // namespace

unsigned websocket_result::status() const noexcept { return made ? 101 : refused.status(); }
const http_fields& websocket_result::fields() const noexcept { return made ? made->fields : refused.fields(); }

asio::awaitable<websocket_result> open_websocket(std::shared_ptr<http1_client> http, http_request request,
                                                 websocket_options options, authorizer* who)
{
    websocket_result r;
    std::string url = request.url();
    if (url.starts_with("ws://") || url.starts_with("wss://")) url.replace(0, 2, "http");
    const auto to = core::parse_url(url);
    wiped_fields own(request.fields());
    if (!options.subprotocols.empty()) own.fields.set("Sec-WebSocket-Protocol", options.subprotocols);
    if (!to || request.method() != "GET" || !request.body().empty() || request.source() || !is_sendable(own.fields)) {
        r.ec = errc::invalid_argument;
        co_return r;
    }
    if (!own.fields.contains("User-Agent")) own.fields.set("User-Agent", "afresh/" AFRESH_VERSION);
    const auto what = std::make_shared<wanted>();
    what->to = *to;
    what->own = std::move(own.fields);
    what->options = std::move(options);
    what->end_within(request.timeout().value_or(http->options().limits.total));
    co_return co_await shake_hands_with_credentials<websocket_result>(http, what, who, &attempt);
}

} // namespace afresh::http
