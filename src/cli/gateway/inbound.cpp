#include "cli/gateway/inbound.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/status.hpp>

#include <array>
#include <charconv>
#include <utility>

namespace afresh::cli {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using namespace std::chrono_literals;

constexpr auto patience = 60s; // for a header, and for each piece of a body
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

std::string text_of(beast::string_view s) { return {s.data(), s.size()}; }

std::string reason(unsigned status) { return text_of(http::obsolete_reason(http::int_to_status(status))); }

} // namespace

// What http_client sends on.
class inbound::streamed_body final : public body_source {
public:
    explicit streamed_body(inbound& from) : from_(from) {}
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) override { return from_.read_piece(into); }
    std::optional<std::uint64_t> size() const override
    {
        const auto n = from_.parser_->content_length();
        return n ? std::optional<std::uint64_t>(*n) : std::nullopt;
    }

private:
    inbound& from_;
};

inbound::inbound(inbound_socket socket) : socket_(std::move(socket)) {}

// Looked at by the listener, each second: a timer for each step would cost more than the step.
void inbound::wait_from_now() { overdue_ = std::chrono::steady_clock::now() + patience; }

void inbound::give_up_if_overdue(std::chrono::steady_clock::time_point now)
{
    boost::system::error_code ignored;
    if (now > overdue_) socket_.cancel(ignored);
}

asio::awaitable<bool> inbound::read_header()
{
    parser_.emplace();
    parser_->header_limit(64 * 1024);
    parser_->body_limit(boost::none);
    begun_ = chunked_ = bodiless_ = granted_ = false;
    if (draining_) co_return false;
    wait_from_now();
    idle_ = true;
    auto [ec, n] = co_await http::async_read_header(socket_, buffer_, *parser_, as_values);
    idle_ = false;
    overdue_ = std::chrono::steady_clock::time_point::max(); // the API's time is not the caller's
    if (ec) co_return false;
    keep_ = parser_->get().keep_alive();
    co_return true;
}

std::string inbound::method() const { return text_of(parser_->get().method_string()); }
std::string inbound::target() const { return text_of(parser_->get().target()); }

http_fields inbound::fields() const
{
    http_fields out;
    for (const auto& f : parser_->get()) out.add(text_of(f.name_string()), text_of(f.value()));
    return out;
}

bool inbound::has_body() const { return !parser_->is_done(); }

bool inbound::is_shorter_than(std::uint64_t bytes) const
{
    const auto n = parser_->content_length();
    return n && *n <= bytes;
}

// Whoever asks before sending a body (RFC 9110 10.1.1) waits until it is wanted.
asio::awaitable<void> inbound::grant_body()
{
    const auto expect = parser_->get()[http::field::expect];
    if (std::exchange(granted_, true) || !beast::iequals(expect, "100-continue")) co_return;
    head_ = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await write_all({});
}

// 0: the end.
asio::awaitable<std::size_t> inbound::read_piece(asio::mutable_buffer into)
{
    co_await grant_body();
    while (!parser_->is_done()) {
        auto& body = parser_->get().body();
        body.data = into.data();
        body.size = into.size();
        body.more = true;
        wait_from_now();
        auto [ec, n] = co_await http::async_read_some(socket_, buffer_, *parser_, as_values);
        overdue_ = std::chrono::steady_clock::time_point::max();
        if (ec && ec != http::error::need_buffer) throw boost::system::system_error(ec);
        const std::size_t got = into.size() - parser_->get().body().size;
        if (got > 0) co_return got;
    }
    co_return 0;
}

asio::awaitable<std::string> inbound::read_body()
{
    std::string all(static_cast<std::size_t>(parser_->content_length().value_or(0)), '\0');
    std::size_t have = 0;
    while (have < all.size()) {
        const std::size_t n = co_await read_piece(asio::buffer(all) + have);
        if (n == 0) break;
        have += n;
    }
    all.resize(have);
    // The parser learns that this was the end.
    std::array<char, 1> none{};
    co_await read_piece(asio::buffer(none));
    co_return all;
}

std::shared_ptr<body_source> inbound::body() { return std::make_shared<streamed_body>(*this); }

// With what waits to go before it.
asio::awaitable<void> inbound::write_all(std::string_view piece)
{
    const std::array<asio::const_buffer, 2> all{asio::buffer(head_), asio::buffer(piece)};
    wait_from_now();
    auto [ec, n] = co_await asio::async_write(socket_, all, as_values);
    overdue_ = std::chrono::steady_clock::time_point::max();
    head_.clear();
    if (ec) throw boost::system::system_error(ec);
}

void inbound::begin(unsigned status, const http_fields& fields)
{
    begun_ = true;
    const bool http11 = parser_->get().version() >= 11;
    bodiless_ = parser_->get().method() == http::verb::head || status == 204 || status == 304 || status / 100 == 1;
    chunked_ = !bodiless_ && !fields.contains("Content-Length");
    if (!parser_->is_done() || draining_ || (chunked_ && !http11)) keep_ = false; // its end is that of the connection
    head_ = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\n";
    for (const http_field& f : fields) head_.append(f.name).append(": ").append(f.value).append("\r\n");
    chunked_ = chunked_ && http11;
    if (chunked_) head_ += "Transfer-Encoding: chunked\r\n";
    if (!keep_)
        head_ += "Connection: close\r\n";
    else if (!http11)
        head_ += "Connection: keep-alive\r\n";
    head_ += "\r\n";
}

asio::awaitable<void> inbound::flush()
{
    if (!head_.empty()) co_await write_all({});
}

asio::awaitable<void> inbound::write(std::string piece)
{
    if (bodiless_ || piece.empty()) co_return;
    if (chunked_) {
        std::array<char, 20> size{};
        head_.append(size.data(), std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr);
        head_ += "\r\n";
        piece += "\r\n";
    }
    co_await write_all(piece);
}

asio::awaitable<void> inbound::end()
{
    if (chunked_) head_ += "0\r\n\r\n";
    co_await flush();
}

asio::awaitable<void> inbound::answer(unsigned status, http_fields fields, std::string body)
{
    fields.set("Content-Length", std::to_string(body.size()));
    begin(status, fields);
    co_await write(std::move(body));
    co_await end();
}

bool inbound::may_go_on() const { return keep_ && parser_->is_done() && !draining_; }

void inbound::close()
{
    boost::system::error_code ignored;
    socket_.shutdown(inbound_socket::shutdown_both, ignored);
    socket_.close(ignored);
}

void inbound::drain()
{
    draining_ = true;
    boost::system::error_code ignored;
    if (idle_) socket_.cancel(ignored);
}

} // namespace afresh::cli
