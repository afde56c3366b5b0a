// Composition: a server that calls an upstream API with a token for each request it serves. All connections share one
// token source and one client, and at most one token request is ever under way.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <iostream>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

//[session
asio::awaitable<void> session(tcp::socket socket, afresh::http_client& upstream)
{
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    co_await http::async_read(socket, buffer, request, asio::use_awaitable);

    http::response<http::string_body> response(http::status::bad_gateway, 11);
    try {
        const afresh::http_response answer = co_await upstream.get(example::api());
        response.result(answer.status());
        response.body() = answer.body();
    } catch (const boost::system::system_error& e) {
        response.body() = e.code() == afresh::condition::sign_in ? "please sign in\n" : "try again later\n";
    }
    response.prepare_payload();
    co_await http::async_write(socket, response, asio::use_awaitable);
}
//]

asio::awaitable<void> serve(tcp::acceptor& acceptor, afresh::http_client& upstream, int connections)
{
    for (int i = 0; i < connections; ++i) {
        tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), session(std::move(socket), upstream), asio::detached);
    }
}

// Stands for the world: 100 clients at once.
asio::awaitable<void> client(tcp::endpoint server, int& left, afresh::token_source& tokens,
                             afresh::http_client& upstream)
{
    tcp::socket socket(co_await asio::this_coro::executor);
    co_await socket.async_connect(server, asio::use_awaitable);
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    co_await http::async_write(socket, request, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    co_await http::async_read(socket, buffer, response, asio::use_awaitable);
    if (response.result() != http::status::ok) throw std::runtime_error(response.body());
    if (--left > 0) co_return;
    tokens.close(); // both have timers: the context runs out of work without them
    upstream.close();
}

int main()
{
    asio::io_context context;
    afresh::token_source tokens(context.get_executor(), example::registration(), example::grant(),
                                {.allowed_origins = {example::api()}});
    afresh::http_client upstream(tokens);
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    int left = 100;
    asio::co_spawn(context, serve(acceptor, upstream, left), asio::detached);
    const auto report = [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    };
    for (int i = 0; i < 100; ++i)
        asio::co_spawn(context, client(acceptor.local_endpoint(), left, tokens, upstream), report);
    context.run();
    std::cout << "served 100 clients with " << tokens.status().token_requests << " token request\n";
}
