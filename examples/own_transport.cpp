// One's own HTTP client with `authorized`: it attaches the token, reads the answer's challenge, and replays once after
// a 401. Here the client is plain Beast; any other fits, if `challenge_of` is overloaded for its answers.

#include "settings.hpp"

#include <afresh/beast.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/url/parse.hpp>

#include <iostream>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using request = http::request<http::string_body>;
using response = http::response<http::string_body>;

//[send
// A request over a connection of its own, with the fields that carry the token.
asio::awaitable<response> send(const std::string& host, const std::string& port, request r,
                               const afresh::http_fields& authorization)
{
    afresh::set_fields(r, authorization);
    auto executor = co_await asio::this_coro::executor;
    asio::ip::tcp::resolver resolver(executor);
    asio::ip::tcp::socket socket(executor);
    auto where = co_await resolver.async_resolve(host, port, asio::use_awaitable);
    co_await asio::async_connect(socket, where, asio::use_awaitable);
    co_await http::async_write(socket, r, asio::use_awaitable);
    boost::beast::flat_buffer buffer;
    response answer;
    co_await http::async_read(socket, buffer, answer, asio::use_awaitable);
    co_return answer;
}

asio::awaitable<void> call(asio::any_io_executor executor)
{
    const std::string url = example::api();
    const auto parts = boost::urls::parse_uri(url).value();
    const std::string host = parts.host(), port = parts.port();

    afresh::token_source tokens(executor, example::registration(), example::grant(), {.allowed_origins = {url}});
    afresh::authorized api(tokens, [&](const request& r, const afresh::http_fields& authorization) {
        return send(host, port, r, authorization);
    });

    request r(http::verb::get, std::string(parts.encoded_target()), 11);
    r.set(http::field::host, host);
    const afresh::request_target target{"GET", url};
    const response answer = co_await api(r, target);
    std::cout << answer.result_int() << ' ' << answer.body() << '\n';
}
//]

int main()
{
    try {
        asio::io_context context;
        std::exception_ptr failed;
        asio::co_spawn(context, call(context.get_executor()), [&](std::exception_ptr e) { failed = e; });
        context.run();
        if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
