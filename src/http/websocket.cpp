#include <afresh/websocket.hpp>

#include "core/text.hpp"
#include "http/websocket_call.hpp"
#include "net/run_on.hpp"

#include <afresh/beast.hpp>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/strand.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>

namespace afresh {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using std::chrono::milliseconds;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

class connection_link final : public raw_stream::link {
public:
    connection_link(std::unique_ptr<net::connection> c, asio::any_io_executor strand)
        : connection_(std::move(c)), strand_(std::move(strand))
    {
    }
    raw_stream::executor_type get_executor() override { return strand_; }
    void read_some(asio::mutable_buffer into, raw_stream::handler_type h) override
    {
        connection_->read_some(into, std::move(h));
    }
    void write_some(asio::const_buffer from, raw_stream::handler_type h) override
    {
        connection_->write_some(from, std::move(h));
    }
    void close() override { connection_->limit().expire(); } // whoever reads or writes is told
    net::deadline& limit() noexcept { return connection_->limit(); }

private:
    const std::unique_ptr<net::connection> connection_;
    const asio::any_io_executor strand_;
};

error_code cause(const error_code& ec)
{
    if (!ec || ec == asio::error::operation_aborted) return ec;
    if (ec == beast::error::timeout) return errc::body_timed_out;
    if (ec == ws::error::message_too_big || ec == ws::error::buffer_overflow) return errc::body_limit;
    const bool broken = ec == ws::condition::protocol_violation || ec == ws::condition::handshake_failed ||
                        ec.category() == beast::http::make_error_code(beast::http::error::bad_version).category();
    if (broken && ec != beast::http::error::end_of_stream && ec != beast::http::error::partial_message)
        return errc::malformed_http;
    return errc::connection_lost;
}

http_fields copied(const beast::http::fields& from)
{
    http_fields out;
    for (const auto& f : from) out.add(std::string(f.name_string()), std::string(f.value()));
    return out;
}

} // namespace

struct websocket::state : std::enable_shared_from_this<state> {
    state(std::shared_ptr<connection_link> l, const websocket_options& o)
        : strand(l->get_executor()), link(std::move(l)), stream(raw_stream(link)), options(o)
    {
        ws::stream_base::timeout t{};
        t.handshake_timeout = ws::stream_base::none(); // the connection's own limit
        t.idle_timeout = o.idle > milliseconds::zero() ? o.idle : ws::stream_base::none();
        t.keep_alive_pings = true;
        stream.set_option(t);
        stream.read_message_max(o.message_limit);
        ws::permessage_deflate deflate;
        deflate.client_enable = o.compress;
        stream.set_option(deflate);
    }

    struct received {
        error_code ec;
        std::optional<websocket_message> message;
    };

    static asio::awaitable<received> read(std::shared_ptr<state> self)
    {
        received r;
        beast::flat_buffer buffer;
        auto [ec, n] = co_await self->stream.async_read(buffer, as_values);
        if (ec == ws::error::closed || (ec && self->said_goodbye)) {
            self->code = self->stream.reason().code;
            self->reason = std::string(self->stream.reason().reason);
            co_return r;
        }
        r.ec = cause(ec);
        if (ec) {
            self->link->close();
            co_return r;
        }
        const auto data = buffer.cdata();
        r.message.emplace(std::string(static_cast<const char*>(data.data()), data.size()), self->stream.got_binary());
        co_return r;
    }

    static asio::awaitable<error_code> write(std::shared_ptr<state> self, std::string data, bool binary)
    {
        self->stream.binary(binary);
        auto [ec, n] = co_await self->stream.async_write(asio::buffer(data), as_values);
        if (ec) self->link->close();
        co_return cause(ec);
    }

    static asio::awaitable<error_code> say_goodbye(std::shared_ptr<state> self, ws::close_reason why)
    {
        self->said_goodbye = true;
        auto [ec] = co_await self->stream.async_close(why, as_values);
        // the peer was first; or somebody reads, and heard its goodbye
        if (!ec || ec == ws::error::closed || (ec == asio::error::operation_aborted && !self->stream.is_open()))
            co_return error_code();
        self->link->close();
        co_return cause(ec);
    }

    const asio::any_io_executor strand;
    const std::shared_ptr<connection_link> link;
    beast_websocket stream;
    const websocket_options options;
    http_fields fields;
    std::string subprotocol;
    bool said_goodbye{};
    std::uint16_t code{};
    std::string reason;
};

websocket::websocket(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
websocket::websocket(websocket&&) noexcept = default;
websocket& websocket::operator=(websocket&& other) noexcept
{
    if (state_) state_->link->close();
    state_ = std::move(other.state_);
    return *this;
}
websocket::~websocket()
{
    if (state_) state_->link->close(); // from whatever thread; calls under way end, and with them the stream
}

asio::awaitable<std::optional<websocket_message>> websocket::read()
{
    const auto s = state_;
    state::received r = co_await net::run_on(s->strand, state::read(s));
    if (r.ec) throw boost::system::system_error(r.ec);
    co_return std::move(r.message);
}

namespace {

asio::awaitable<void> without_result(asio::any_io_executor strand, asio::awaitable<error_code> work)
{
    const error_code ec = co_await net::run_on(strand, std::move(work));
    if (ec) throw boost::system::system_error(ec);
}

} // namespace

asio::awaitable<void> websocket::write(std::string text)
{
    return without_result(state_->strand, state::write(state_, std::move(text), false));
}
asio::awaitable<void> websocket::write_binary(std::string bytes)
{
    return without_result(state_->strand, state::write(state_, std::move(bytes), true));
}
asio::awaitable<void> websocket::close(std::uint16_t code, std::string reason)
{
    ws::close_reason why(code);
    why.reason = reason.substr(0, why.reason.max_size()); // 123 bytes: RFC 6455 5.5.1
    return without_result(state_->strand, state::say_goodbye(state_, why));
}

std::uint16_t websocket::close_code() const noexcept { return state_->code; }
const std::string& websocket::close_reason() const noexcept { return state_->reason; }
const http_fields& websocket::fields() const noexcept { return state_->fields; }
const std::string& websocket::subprotocol() const noexcept { return state_->subprotocol; }

beast_websocket& beast_stream(websocket& w) { return w.implementation().stream; }

namespace http {
namespace {

using net::clock;

struct wiped_fields {
    http_fields fields;
    ~wiped_fields() { fields.wipe(); }
};

// On the strand: a connection, and the handshake over it.
asio::awaitable<websocket_result> shake_hands(http1_client& http, core::url_parts to, http_fields fields,
                                              websocket_options options, clock::time_point by)
{
    websocket_result r;
    const auto strand = co_await asio::this_coro::executor;
    auto dialled = co_await http.dial(strand, to, by);
    if (!dialled.link) {
        r.ec = dialled.ec;
        r.detail = std::move(dialled.detail);
        co_return r;
    }
    const auto link = std::make_shared<connection_link>(std::move(dialled.link), strand);
    const auto made = std::make_shared<websocket::state>(link, options);
    made->stream.set_option(ws::stream_base::decorator([&fields](ws::request_type& request) {
        for (const http_field& f : fields) request.set(f.name, f.value);
    }));
    const auto first_byte = http.options().limits.first_byte;
    link->limit().expire_at(first_byte > milliseconds::zero() ? std::min(by, clock::now() + first_byte) : by);
    ws::response_type answer;
    auto [ec] = co_await made->stream.async_handshake(answer, to.authority(), to.target, as_values);
    link->limit().stop();
    made->stream.set_option(ws::stream_base::decorator([](ws::request_type&) {})); // `fields` ends here
    if (link->limit().expired()) ec = clock::now() >= by ? errc::total_timed_out : errc::first_byte_timed_out;
    if (ec == ws::error::upgrade_declined) {
        r.refused = http_response(answer.result_int(), copied(answer), std::move(answer.body()));
        co_return r;
    }
    r.ec = ec.category() == error_category() ? ec : cause(ec);
    if (r.ec) co_return r;
    made->fields = copied(answer);
    made->subprotocol = std::string(made->fields.find("Sec-WebSocket-Protocol"));
    r.made = made;
    co_return r;
}

bool is_sendable(const http_fields& fields)
{
    static constexpr const char* ours[] = {"Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
                                           "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding"};
    return std::none_of(std::begin(ours), std::end(ours), [&](auto name) { return fields.contains(name); }) &&
           std::all_of(fields.begin(), fields.end(), [](const http_field& f) {
               return core::is_http_token(f.name) && core::is_field_value(f.value);
           });
}

} // namespace

asio::awaitable<websocket_result> open_websocket(http1_client& http, http_request request, websocket_options options,
                                                 authorizer* who)
{
    websocket_result r;
    std::string url = request.url();
    if (url.starts_with("ws://") || url.starts_with("wss://")) url.replace(0, 2, "http");
    const auto to = core::parse_url(url);
    wiped_fields fields;
    fields.fields = request.fields();
    if (!options.subprotocols.empty()) fields.fields.set("Sec-WebSocket-Protocol", options.subprotocols);
    if (!to || !is_sendable(fields.fields)) {
        r.ec = errc::invalid_argument;
        co_return r;
    }
    if (!fields.fields.contains("User-Agent")) fields.fields.set("User-Agent", "afresh/" AFRESH_VERSION);
    const std::string origin = to->origin();
    const milliseconds total = request.timeout().value_or(http.options().limits.total);
    auto by = total > milliseconds::zero() ? clock::now() + total : clock::time_point::max();
    for (int attempt = 0;; ++attempt) {
        wiped_fields all;
        all.fields = fields.fields;
        if (who) {
            const auto asked = clock::now();
            r.ec = co_await who->authorize(request, origin, all.fields, r.detail);
            if (r.ec) co_return r;
            if (by != clock::time_point::max()) by += clock::now() - asked; // not the time of the resource
        }
        const asio::any_io_executor strand = asio::make_strand(http.executor());
        r = co_await net::run_on(strand, shake_hands(http, *to, all.fields, options, by));
        const bool refused = !r.ec && !r.made && who && who->is_refusal(r.refused.status(), r.refused.fields());
        if (!refused || attempt > 0) co_return r;
        const error_code ec = co_await who->renew(origin);
        if (ec == asio::error::operation_aborted) r.ec = ec;
        if (ec) co_return r; // the refusal is the caller's
    }
}

} // namespace http
} // namespace afresh
