#include "cli/demo/echo.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <utility>

namespace afresh::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;

asio::awaitable<void> echo(asio::ip::tcp::socket socket, beast::http::request<beast::http::string_body> handshake)
{
    constexpr auto result = asio::as_tuple(asio::use_awaitable);
    beast::websocket::stream<asio::ip::tcp::socket> stream(std::move(socket));
    auto [refused] = co_await stream.async_accept(handshake, result);
    if (refused) co_return;
    beast::flat_buffer message;
    for (;;) {
        auto [read_error, bytes_read] = co_await stream.async_read(message, result);
        if (read_error) co_return;
        stream.text(stream.got_text());
        auto [write_error, bytes_written] = co_await stream.async_write(message.data(), result);
        if (write_error) co_return;
        message.clear();
    }
}

} // namespace afresh::cli
