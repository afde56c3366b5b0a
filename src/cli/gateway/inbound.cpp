#include "cli/gateway/inbound.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

constexpr unsigned patience = 60;  // seconds for a header, and for each piece of a body
constexpr unsigned lingering = 10; // seconds for what comes after the last answer
constexpr std::size_t header_room = 2048;
constexpr std::size_t body_room = 64 * 1024;
constexpr std::uint64_t skipped_body = 1024 * 1024; // at most, for the sake of the next request
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::string_view view_of(beast::string_view s) noexcept { return {s.data(), s.size()}; }

[[noreturn]] void raise(const error_code& ec) { throw boost::system::system_error(ec); }

// RFC 9112 3.2, 6.1, 6.3: where another on the way may see another end of a request, or another host, there is a way to
// slip one in. Beast refuses most of it, but not lengths that agree and codings that it passes over.
template <class Header>
bool is_ambiguous(const Header& h)
{
    unsigned hosts = 0;
    unsigned lengths = 0;
    unsigned codings = 0;
    bool odd = false;
    for (const auto& f : h) {
        const bool is_length = f.name() == http::field::content_length;
        const bool is_coding = f.name() == http::field::transfer_encoding;
        hosts += f.name() == http::field::host ? 1 : 0;
        lengths += is_length ? 1 : 0;
        codings += is_coding ? 1 : 0;
        odd = odd || (is_length && f.value().find(',') != beast::string_view::npos) ||
              (is_coding && !beast::iequals(f.value(), "chunked"));
    }
    const bool http11 = h.version() >= 11;
    return odd || lengths > 1 || codings > (http11 ? 1 : 0) || (http11 && hosts != 1);
}

} // namespace

// What http_client sends on.
class inbound::streamed_body final : public body_source {
public:
    explicit streamed_body(inbound& from) : from_(from) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override { return from_.read_piece(into); }
    std::optional<std::uint64_t> size() const override { return from_.content_length(); }

private:
    inbound& from_;
};

inbound::inbound(inbound_socket socket, next_turn& turn) : socket_(std::move(socket)), turn_(turn) {}

// By whoever holds the connections: a timer for each step, or the time of it, would cost more than the step.
void inbound::look_at_the_time()
{
    error_code ignored;
    if (waited_ && ++*waited_ > (lingers_ ? lingering : patience)) socket_.cancel(ignored);
}

asio::awaitable<bool> inbound::read_header()
{
    if (left_ && *left_ > 0) {
        const bool skipped = co_await skip_body();
        if (!skipped) co_return false;
    }
    parser_.emplace();
    parser_->header_limit(64 * 1024);
    parser_->body_limit(boost::none);
    begun_ = chunked_ = bodiless_ = granted_ = false;
    if (draining_) co_return false;
    expect_something();
    error_code malformed;
    while (!parser_->is_header_done() && !malformed) {
        if (buffer_.size() > 0) {
            buffer_.consume(parser_->put(buffer_.data(), malformed));
            if (malformed == http::error::need_more) malformed = {};
            if (parser_->is_header_done() || malformed) break;
        }
        if (std::exchange(answered_, false) && buffer_.size() == 0) {
            // Whoever was answered may have another request. Others have their turn meanwhile, and if they are many it
            // is here when they have had it.
            co_await turn_.wait();
        } else {
            idle_ = buffer_.size() == 0 && !parser_->got_some();
            if (idle_) rest();
            auto [ec] = co_await socket_.async_wait(inbound_socket::wait_read, as_values);
            idle_ = false;
            if (ec) co_return false;
        }
        const auto n = read_now();
        if (n == 0 || (!n && draining_)) co_return false;
    }
    expect_nothing(); // the API's time is not the caller's
    answered_ = true;
    if (malformed || is_ambiguous(parser_->get())) {
        co_await refuse(malformed);
        co_return false;
    }
    keep_ = parser_->get().keep_alive();
    left_.reset();
    if (const auto length = parser_->content_length(); length && !parser_->is_done()) left_ = *length;
    fields_.clear();
    for (const auto& f : parser_->get()) fields_.push_back({view_of(f.name_string()), view_of(f.value())});
    co_return true;
}

// There may be many that have nothing to say, so they keep no memory for it.
void inbound::rest()
{
    buffer_.shrink_to_fit();
    std::string().swap(out_);
}

// A body that is in the way of the next request: what was not read of it is long or of unknown length, or may never come,
// since its caller waits for leave to send it.
bool inbound::is_blocked() const
{
    return has_body() && !(left_ && *left_ <= skipped_body && (granted_ || !expects_leave()));
}

asio::awaitable<bool> inbound::skip_body()
{
    std::vector<char> nowhere(body_room);
    while (*left_ > 0) {
        const asio::mutable_buffer into = asio::buffer(nowhere);
        const std::size_t n = co_await read_known(into);
        if (n == 0) co_return false;
    }
    co_return true;
}

// Nothing: there is nothing yet. 0: the end.
std::optional<std::size_t> inbound::read_now()
{
    const auto room = buffer_.prepare(header_room);
    const auto n = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return std::nullopt;
    const auto got = static_cast<std::size_t>(std::max<::ssize_t>(n, 0));
    buffer_.commit(got);
    return got;
}

asio::awaitable<void> inbound::refuse(const error_code& why)
{
    const bool large = why == http::error::header_limit;
    out_ = large ? "HTTP/1.1 431 Request Header Fields Too Large\r\n" : "HTTP/1.1 400 Bad Request\r\n";
    out_ += "Content-Length: 0\r\nConnection: close\r\n\r\n";
    co_await flush();
    co_await linger();
}

std::string_view inbound::method() const noexcept { return view_of(parser_->get().method_string()); }
std::string_view inbound::target() const noexcept { return view_of(parser_->get().target()); }

std::optional<std::uint64_t> inbound::content_length() const
{
    const auto n = parser_->content_length();
    return n ? std::optional<std::uint64_t>(*n) : std::nullopt;
}

// RFC 9110 10.1.1.
bool inbound::expects_leave() const { return same_name(find_field(fields_, "Expect"), "100-continue"); }

asio::awaitable<void> inbound::grant_body()
{
    if (std::exchange(granted_, true) || !expects_leave()) co_return;
    out_ = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await flush();
}

// Of a body of known length. 0: the other side has gone.
asio::awaitable<std::size_t> inbound::read_known(asio::mutable_buffer into)
{
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(*left_, into.size()));
    expect_something();
    const std::size_t n = co_await read_some(asio::buffer(into, most));
    expect_nothing();
    *left_ -= n;
    co_return n;
}

// 0: the end. A body of known length goes where it is wanted at once; one in chunks is the parser's.
asio::awaitable<std::size_t> inbound::read_piece(asio::mutable_buffer into)
{
    if (!granted_) co_await grant_body();
    if (left_) {
        if (*left_ == 0 || into.size() == 0) co_return 0;
        const std::size_t n = co_await read_known(into);
        if (n == 0) raise(asio::error::eof);
        co_return n;
    }
    bool starved = buffer_.size() == 0;
    while (!parser_->is_done()) {
        if (starved) {
            expect_something();
            auto [ec, n] = co_await socket_.async_read_some(buffer_.prepare(body_room), as_values);
            expect_nothing();
            if (ec) raise(ec);
            buffer_.commit(n);
        }
        auto& body = parser_->get().body();
        body.data = into.data();
        body.size = into.size();
        body.more = true;
        error_code ec;
        buffer_.consume(parser_->put(buffer_.data(), ec));
        starved = ec == http::error::need_more || buffer_.size() == 0;
        if (ec && ec != http::error::need_more && ec != http::error::need_buffer) raise(ec);
        const std::size_t got = into.size() - body.size;
        if (got > 0) co_return got;
    }
    co_return 0;
}

asio::awaitable<std::string> inbound::read_body()
{
    std::string all(static_cast<std::size_t>(content_length().value_or(0)), '\0');
    std::size_t have = 0;
    while (have < all.size()) {
        const std::size_t n = co_await read_piece(asio::buffer(all) + have);
        if (n == 0) break;
        have += n;
    }
    all.resize(have);
    co_return all;
}

std::shared_ptr<body_source> inbound::body() { return std::make_shared<streamed_body>(*this); }

asio::awaitable<std::string_view> inbound::look_ahead()
{
    if (draining_) co_return std::string_view();
    expect_something();
    idle_ = true;
    auto [ec, n] = co_await socket_.async_read_some(buffer_.prepare(header_room), as_values);
    idle_ = false;
    expect_nothing();
    buffer_.commit(n);
    const auto all = buffer_.cdata();
    co_return ec ? std::string_view() : std::string_view(static_cast<const char*>(all.data()), all.size());
}

asio::awaitable<std::size_t> inbound::read_some(asio::mutable_buffer into)
{
    if (buffer_.size() > 0) {
        const std::size_t n = asio::buffer_copy(into, buffer_.data());
        buffer_.consume(n);
        co_return n;
    }
    auto [ec, n] = co_await socket_.async_read_some(into, as_values);
    co_return ec ? 0 : n;
}

asio::awaitable<void> inbound::write_raw(std::string_view bytes)
{
    out_.append(bytes);
    co_await flush();
}

asio::awaitable<void> inbound::linger()
{
    lingers_ = true;
    expect_something();
    error_code ended;
    socket_.shutdown(inbound_socket::shutdown_send, ended);
    while (!ended) {
        buffer_.clear();
        auto [ec, n] = co_await socket_.async_read_some(buffer_.prepare(body_room), as_values);
        ended = ec;
    }
}

void inbound::close()
{
    error_code ignored;
    socket_.shutdown(inbound_socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void inbound::drain()
{
    draining_ = true;
    error_code ignored;
    if (idle_) socket_.cancel(ignored);
}

} // namespace afresh::cli
