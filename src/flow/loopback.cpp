#include "flow/loopback.hpp"

#include "core/text.hpp"
#include "flow/result_page.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <chrono>
#include <utility>

namespace afresh::detail {

namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

constexpr int most_connections = 16;
constexpr std::chrono::seconds patience{10}; // with a connection that says nothing
constexpr auto tuple = asio::as_tuple(asio::use_awaitable);

tcp::acceptor bound(const asio::any_io_executor& executor, bool ipv6)
{
    const asio::ip::address address = ipv6 ? asio::ip::address(asio::ip::address_v6::loopback())
                                           : asio::ip::address(asio::ip::address_v4::loopback());
    // Without SO_REUSEADDR, which Asio would set: another program could bind the same port (FAULTS B11).
    return tcp::acceptor(executor, tcp::endpoint(address, 0), false);
}

http::response<http::string_body> page_of(http::status status, std::string page)
{
    http::response<http::string_body> r(status, 11);
    r.set(http::field::content_type, "text/html; charset=utf-8");
    r.set(http::field::cache_control, "no-store");
    r.set(http::field::connection, "close");
    r.set("Content-Security-Policy",
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'");
    r.set("Referrer-Policy", "no-referrer");
    r.set("X-Content-Type-Options", "nosniff");
    r.body() = std::move(page);
    r.prepare_payload();
    return r;
}

} // namespace

loopback::loopback(const asio::any_io_executor& executor, bool ipv6, std::string path, std::string application)
    : strand_(asio::make_strand(executor)),
      acceptor_(bound(strand_, ipv6)),
      path_(std::move(path)),
      application_(std::move(application))
{
    host_ = (ipv6 ? "[::1]:" : "127.0.0.1:") + std::to_string(acceptor_.local_endpoint().port());
}

void loopback::start(taker take)
{
    take_ = std::move(take);
    asio::co_spawn(strand_, listen(shared_from_this()), asio::detached);
}

void loopback::close()
{
    asio::post(strand_, [self = shared_from_this()] { self->acceptor_.close(); });
}

asio::awaitable<void> loopback::listen(std::shared_ptr<loopback> self)
{
    for (;;) {
        auto [ec, socket] = co_await self->acceptor_.async_accept(tuple);
        if (!self->acceptor_.is_open()) break;
        if (ec || self->open_ >= most_connections) continue;
        ++self->open_;
        asio::co_spawn(self->strand_, serve(self, std::move(socket)),
                       [self](const std::exception_ptr&) { --self->open_; });
    }
    self->take_ = nullptr;
}

asio::awaitable<void> loopback::serve(std::shared_ptr<loopback> self, tcp::socket socket)
{
    const auto connection = std::make_shared<tcp::socket>(std::move(socket));
    asio::steady_timer limit(self->strand_, patience);
    limit.async_wait([connection](const boost::system::error_code& ec) {
        boost::system::error_code ignored;
        if (!ec) connection->close(ignored);
    });
    boost::beast::flat_buffer buffer;
    http::request_parser<http::string_body> parser;
    parser.header_limit(16 * 1024);
    parser.body_limit(64 * 1024);
    const auto [ec, size] = co_await http::async_read(*connection, buffer, parser, tuple);
    if (ec) co_return;
    limit.cancel(); // from here on it is the server that may take its time

    const auto& request = parser.get();
    const std::string target(request.target());
    const std::string path = target.substr(0, target.find('?'));
    const bool is_form = request.method() == http::verb::post;
    // The Host field tells a page that found another name for this machine (DNS rebinding) from the redirect.
    const bool is_ours = path == self->path_ && request[http::field::host] == self->host_ && self->take_ &&
                         (is_form || request.method() == http::verb::get);
    answer got;
    got.why = "There is nothing here.";
    if (is_ours) {
        std::string said = is_form ? request.body() : target.substr(std::min(target.size(), path.size() + 1));
        const taker take = self->take_;
        got = co_await take(std::move(said));
    }
    const http::status status = got.why.empty() ? http::status::ok
                                : is_ours       ? http::status::bad_request
                                                : http::status::not_found;
    const auto response = page_of(status, result_page(self->application_, got.why));
    limit.expires_after(patience);
    limit.async_wait([connection](const boost::system::error_code& e) {
        boost::system::error_code ignored;
        if (!e) connection->close(ignored);
    });
    (void)co_await http::async_write(*connection, response, tuple);
    boost::system::error_code ignored;
    connection->shutdown(tcp::socket::shutdown_send, ignored);
    limit.cancel();
    if (got.is_final) self->acceptor_.close();
}

} // namespace afresh::detail
