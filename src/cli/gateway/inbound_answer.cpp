// The way to answer.

#include "cli/gateway/inbound.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/status.hpp>

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

namespace afresh::cli {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t joined = 16 * 1024; // pieces up to this size leave with what waits before them

[[noreturn]] void raise(const error_code& ec) { throw boost::system::system_error(ec); }

void append_number(std::string& to, std::uint64_t n, int base)
{
    std::array<char, 20> digits{};
    to.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n, base).ptr);
}

} // namespace

void inbound::begin_header(unsigned status, const field_views& fields)
{
    begun_ = true;
    out_ += "HTTP/1.1 ";
    append_number(out_, status, 10);
    const auto reason = http::obsolete_reason(http::int_to_status(status));
    out_.append(" ").append(reason.data(), reason.size()).append("\r\n");
    for (const field_view& f : fields) out_.append(f.name).append(": ").append(f.value).append("\r\n");
}

bool inbound::begin(unsigned status, const field_views& fields)
{
    const bool http11 = parser_->get().version() >= 11;
    const bool has_length = !find_field(fields, "Content-Length").empty();
    bodiless_ = parser_->get().method() == http::verb::head || status == 204 || status == 304 || status / 100 == 1;
    chunked_ = !bodiless_ && !has_length;
    if (is_blocked() || draining_ || (chunked_ && !http11)) keep_ = false; // its end is that of the connection
    chunked_ = chunked_ && http11;
    begin_header(status, fields);
    if (chunked_) out_ += "Transfer-Encoding: chunked\r\n";
    if (!keep_)
        out_ += "Connection: close\r\n";
    else if (!http11)
        out_ += "Connection: keep-alive\r\n";
    out_ += "\r\n";
    return has_length;
}

void inbound::switch_protocols(const field_views& fields)
{
    keep_ = false;
    begin_header(101, fields);
    out_ += "\r\n";
}

// What waits, the piece and its tail. What of them does not go now waits.
void inbound::send(std::string_view piece, std::string_view tail)
{
    if (piece.size() <= joined) {
        out_.append(piece).append(tail);
        piece = tail = {};
    }
    const auto part = [](std::string_view s) { return ::iovec{const_cast<char*>(s.data()), s.size()}; };
    std::array<::iovec, 3> parts{part(out_), part(piece), part(tail)};
    ::msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    constexpr int at_once = MSG_DONTWAIT | MSG_NOSIGNAL;
    const auto sent = piece.empty() ? ::send(socket_.native_handle(), out_.data(), out_.size(), at_once)
                                    : ::sendmsg(socket_.native_handle(), &message, at_once);
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        raise({errno, boost::system::system_category()});
    auto gone = static_cast<std::size_t>(std::max<::ssize_t>(sent, 0));
    const std::size_t before = std::min(gone, out_.size());
    out_.erase(0, before);
    gone -= before;
    out_.append(piece.substr(std::min(gone, piece.size())));
    gone -= std::min(gone, piece.size());
    out_.append(tail.substr(gone));
}

bool inbound::write_now(std::string_view piece, more then)
{
    if (bodiless_) piece = {};
    if (!chunked_) {
        send(piece, {});
        return out_.empty();
    }
    if (!piece.empty()) {
        append_number(out_, piece.size(), 16);
        out_ += "\r\n";
    }
    std::string_view tail = then == more::nothing ? "\r\n0\r\n\r\n" : "\r\n";
    if (piece.empty()) tail.remove_prefix(2);
    send(piece, tail);
    return out_.empty();
}

asio::awaitable<void> inbound::flush()
{
    send({}, {});
    std::string_view rest = out_;
    while (!rest.empty()) {
        expect_something();
        auto [ec, n] = co_await socket_.async_write_some(asio::buffer(rest), asio::as_tuple(asio::use_awaitable));
        expect_nothing();
        if (ec) raise(ec);
        rest.remove_prefix(n);
    }
    out_.clear();
}

asio::awaitable<void> inbound::write(std::string piece)
{
    if (!write_now(piece)) co_await flush();
}

asio::awaitable<void> inbound::end()
{
    if (!write_now({}, more::nothing)) co_await flush();
}

asio::awaitable<void> inbound::answer(unsigned status, http_fields fields, std::string body)
{
    fields.set("Content-Length", std::to_string(body.size()));
    begin(status, views_of(fields));
    if (!write_now(body, more::nothing)) co_await flush();
}

} // namespace afresh::cli
