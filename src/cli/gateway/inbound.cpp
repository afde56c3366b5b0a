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

inbound::inbound(inbound_socket socket) : stream_(std::move(socket)) {}

asio::awaitable<bool> inbound::read_header()
{
    parser_.emplace();
    parser_->header_limit(64 * 1024);
    parser_->body_limit(boost::none);
    begun_ = chunked_ = bodiless_ = granted_ = false;
    if (draining_) co_return false;
    stream_.expires_after(patience);
    idle_ = true;
    auto [ec, n] = co_await http::async_read_header(stream_, buffer_, *parser_, as_values);
    idle_ = false;
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
    co_await write_all("HTTP/1.1 100 Continue\r\n\r\n");
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
        stream_.expires_after(patience);
        auto [ec, n] = co_await http::async_read_some(stream_, buffer_, *parser_, as_values);
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

asio::awaitable<void> inbound::write_all(std::string text)
{
    stream_.expires_after(patience);
    co_await asio::async_write(stream_, asio::buffer(text), asio::use_awaitable);
}

asio::awaitable<void> inbound::begin(unsigned status, const http_fields& fields)
{
    begun_ = true;
    const bool http11 = parser_->get().version() >= 11;
    bodiless_ = parser_->get().method() == http::verb::head || status == 204 || status == 304 || status / 100 == 1;
    chunked_ = !bodiless_ && !fields.contains("Content-Length");
    if (!parser_->is_done() || draining_ || (chunked_ && !http11)) keep_ = false; // its end is that of the connection
    std::string text = "HTTP/1.1 " + std::to_string(status) + " " + reason(status) + "\r\n";
    for (const http_field& f : fields) text += f.name + ": " + f.value + "\r\n";
    if (chunked_ && http11) text += "Transfer-Encoding: chunked\r\n";
    chunked_ = chunked_ && http11;
    if (!keep_)
        text += "Connection: close\r\n";
    else if (!http11)
        text += "Connection: keep-alive\r\n";
    text += "\r\n";
    co_await write_all(std::move(text));
}

asio::awaitable<void> inbound::write(std::string piece)
{
    if (bodiless_ || piece.empty()) co_return;
    if (chunked_) {
        std::array<char, 20> size{};
        const auto end = std::to_chars(size.data(), size.data() + size.size(), piece.size(), 16).ptr;
        piece.insert(0, std::string(size.data(), end) + "\r\n");
        piece += "\r\n";
    }
    co_await write_all(std::move(piece));
}

asio::awaitable<void> inbound::end()
{
    if (chunked_) co_await write_all("0\r\n\r\n");
}

asio::awaitable<void> inbound::answer(unsigned status, http_fields fields, std::string body)
{
    fields.set("Content-Length", std::to_string(body.size()));
    co_await begin(status, fields);
    co_await write(std::move(body));
}

bool inbound::may_go_on() const { return keep_ && parser_->is_done() && !draining_; }

void inbound::close()
{
    boost::system::error_code ignored;
    stream_.socket().shutdown(inbound_socket::shutdown_both, ignored);
    stream_.close();
}

void inbound::drain()
{
    draining_ = true;
    if (idle_) stream_.cancel();
}

} // namespace afresh::cli
