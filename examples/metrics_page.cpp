// A page for Prometheus: what the client has counted, served by Beast.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <iostream>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

//[page
asio::awaitable<void> serve_metrics(tcp::acceptor& acceptor, const afresh::http_client& api)
{
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    http::request<http::empty_body> request;
    co_await http::async_read(socket, buffer, request, asio::use_awaitable);
    http::response<http::string_body> page(http::status::ok, 11);
    page.set(http::field::content_type, "text/plain; version=0.0.4");
    page.body() = afresh::prometheus_text(api.metrics());
    page.prepare_payload();
    page.keep_alive(false);
    co_await http::async_write(socket, page, asio::use_awaitable);
}
//]

asio::awaitable<void> run(tcp::acceptor& acceptor)
{
    const auto executor = acceptor.get_executor();
    afresh::source_options options;
    options.allowed_origins = {example::api()};
    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));
    afresh::http_client api(tokens);
    for (int i = 0; i < 10; ++i) co_await api.get(example::api());

    asio::co_spawn(executor, serve_metrics(acceptor, api), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    afresh::http_client scraper(executor); // without a token
    const std::string url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/metrics";
    const afresh::http_response page = co_await scraper.get(url);
    std::cout << page.text();
}

int main()
{
    asio::io_context context;
    tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
    asio::co_spawn(context, run(acceptor), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
}
