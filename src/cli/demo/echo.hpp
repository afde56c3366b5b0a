#pragma once
// A WebSocket that says back what it hears. Asio.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

namespace afresh::cli {

// Until the client goes. `handshake` was read from the socket.
boost::asio::awaitable<void> echo(boost::asio::ip::tcp::socket socket,
                                  boost::beast::http::request<boost::beast::http::string_body> handshake);

} // namespace afresh::cli
