#include "http/websocket_state.hpp"
#include "net/run_on.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <utility>

namespace afresh {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;
using std::chrono::milliseconds;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::chrono::steady_clock::duration or_never(milliseconds time)
{
    return time > milliseconds::zero() ? time : ws::stream_base::none();
}

} // namespace

error_code websocket_error(const error_code& ec)
{
    static const error_code of_http = beast::http::error::bad_version;
    if (!ec || ec == asio::error::operation_aborted || ec.category() == error_category()) return ec;
    if (ec == beast::error::timeout) return errc::body_timed_out;
    if (ec == ws::error::message_too_big || ec == ws::error::buffer_overflow) return errc::body_limit;
    if (ec == beast::http::error::header_limit || ec == beast::http::error::buffer_overflow) return errc::header_limit;
    if (ec == beast::http::error::end_of_stream || ec == beast::http::error::partial_message)
        return errc::connection_lost;
    if (ec == ws::condition::protocol_violation || ec == ws::condition::handshake_failed ||
        ec.category() == of_http.category())
        return errc::malformed_http;
    return errc::connection_lost;
}

websocket::state::state(std::shared_ptr<connection_link> l)
    : strand(l->get_executor()),
      link(std::move(l)),
      stream(raw_stream(link)),
      readers_(strand),
      writers_(strand),
      closers_(strand)
{
    // until it is open, the connection's own limit
    stream.set_option(ws::stream_base::timeout{ws::stream_base::none(), ws::stream_base::none(), false});
}

void websocket::state::opened(const websocket_options& options, http_fields of_answer)
{
    stream.set_option(ws::stream_base::timeout{or_never(options.close), or_never(options.idle), true});
    stream.read_message_max(options.message_limit);
    fields = std::move(of_answer);
    subprotocol = std::string(fields.find("Sec-WebSocket-Protocol"));
}

// Whatever ends one call, ends the connection, and with it the other calls.
error_code websocket::state::outcome(error_code ec, const asio::cancellation_state& of_call)
{
    if (!ec) return ec;
    const bool cancelled = of_call.cancelled() != asio::cancellation_type::none;
    if (!over_) {
        // the latter: another call has heard the peer's goodbye
        const bool aborted = ec == asio::error::operation_aborted && !cancelled;
        const bool closed = ec == ws::error::closed || (aborted && said_goodbye_ && !stream.is_open());
        over_ = closed ? error_code(errc::closed) : websocket_error(ec);
        if (over_ == asio::error::operation_aborted) over_ = errc::connection_lost; // for those who ask later
        code = stream.reason().code;
        reason = std::string(stream.reason().reason.data(), stream.reason().reason.size());
    }
    link->close();
    return cancelled ? error_code(asio::error::operation_aborted) : over_;
}

asio::awaitable<websocket::state::received> websocket::state::read(std::shared_ptr<state> self)
{
    const auto mine = co_await self->readers_.take();
    received r;
    r.ec = self->over_; // Beast's stream is not to be read after a failure: it asserts
    if (r.ec == errc::closed) r.ec = {};
    if (self->over_) co_return r;
    std::string data;
    auto buffer = asio::dynamic_buffer(data);
    auto [ec, n] = co_await self->stream.async_read(buffer, as_values);
    r.ec = self->outcome(ec, co_await asio::this_coro::cancellation_state);
    if (!ec) r.message.emplace(std::move(data), self->stream.got_binary());
    if (r.ec == errc::closed) r.ec = {};
    co_return r;
}

asio::awaitable<error_code> websocket::state::write(std::shared_ptr<state> self, std::string data, bool binary)
{
    const auto mine = co_await self->writers_.take();
    if (self->over_) co_return self->over_;
    self->stream.binary(binary);
    auto [ec, n] = co_await self->stream.async_write(asio::buffer(data), as_values);
    co_return self->outcome(ec, co_await asio::this_coro::cancellation_state);
}

asio::awaitable<error_code> websocket::state::close(std::shared_ptr<state> self, ws::close_reason why)
{
    const auto mine = co_await self->closers_.take();
    if (self->over_ == errc::closed) co_return error_code();
    if (self->over_) co_return self->over_;
    self->said_goodbye_ = true;
    auto [ec] = co_await self->stream.async_close(why, as_values);
    if (!ec) ec = ws::error::closed;
    ec = self->outcome(
        ec, co_await asio::this_coro::cancellation_state); // one who reads may have heard the peer's goodbye before
    co_return ec == errc::closed ? error_code() : ec;
}

websocket::websocket(std::shared_ptr<state> s) noexcept : state_(std::move(s)) {}
websocket::websocket(websocket&&) noexcept = default;
websocket& websocket::operator=(websocket&& other) noexcept
{
    websocket old(std::move(*this));
    state_ = std::move(other.state_);
    return *this;
}

// From whatever thread. Calls under way end; Beast's stream goes on its strand, where its timer runs.
websocket::~websocket()
{
    if (!state_) return;
    state_->link->close();
    const auto strand = state_->strand;
    asio::post(strand, [last = std::move(state_)] {});
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
    const std::size_t most = std::min(reason.size(), why.reason.max_size()); // 123 bytes: RFC 6455 5.5.1
    why.reason.assign(reason.data(), most);
    return without_result(state_->strand, state::close(state_, why));
}

std::uint16_t websocket::close_code() const noexcept { return state_->code; }
const std::string& websocket::close_reason() const noexcept { return state_->reason; }
const http_fields& websocket::fields() const noexcept { return state_->fields; }
const std::string& websocket::subprotocol() const noexcept { return state_->subprotocol; }

beast_websocket& beast_stream(websocket& w) { return w.implementation().stream; }

} // namespace afresh
