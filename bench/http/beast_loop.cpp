// The floor: coroutines on Beast, each with a connection of its own and one request, made once, that is written again
// and again. No pool, no time limits, no second attempt.

#include "meter.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <utility>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

namespace {

using get = http::request<http::empty_body>;

template <class Stream>
asio::awaitable<void> converse(Stream& stream, const get& request, bench::meter& m, bool& first)
{
    beast::flat_buffer buffer;
    buffer.reserve(64 * 1024); // Beast reads no more at once than there is room for, which is 512 bytes at first
    while (m.goes_on()) {
        co_await http::async_write(stream, request, asio::use_awaitable);
        http::response<http::string_body> answer;
        co_await http::async_read(stream, buffer, answer, asio::use_awaitable);
        m.count(std::exchange(first, false), answer.result() == http::status::ok);
        if (!answer.keep_alive()) co_return;
    }
}

asio::awaitable<void> connect_and_converse(const bench::address& to, const get& request, asio::ssl::context& tls,
                                           bench::meter& m, bool& first)
{
    tcp::socket socket(co_await asio::this_coro::executor);
    const tcp::endpoint server(asio::ip::make_address(to.host), static_cast<std::uint16_t>(std::stoi(to.port)));
    co_await socket.async_connect(server, asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    if (to.secure) {
        asio::ssl::stream<tcp::socket&> stream(socket, tls);
        co_await stream.async_handshake(asio::ssl::stream_base::client, asio::use_awaitable);
        co_await converse(stream, request, m, first);
    } else {
        co_await converse(socket, request, m, first);
    }
}

asio::awaitable<void> client(const bench::address& to, const get& request, asio::ssl::context& tls, bench::meter& m)
{
    bool first = true;
    while (m.goes_on()) {
        try {
            co_await connect_and_converse(to, request, tls, m, first);
        } catch (const std::exception&) {
            m.count(std::exchange(first, false), false);
        }
    }
}

} // namespace

int main(int count, char** arguments)
{
    const bench::load load(count, arguments);
    const bench::address to(load.url);
    std::thread([] {}).join(); // a program of one thread counts references without atomics: no such program is meant

    asio::ssl::context tls(asio::ssl::context::tls_client);
    if (to.secure) {
        tls.load_verify_file(load.ca_file);
        tls.set_verify_mode(asio::ssl::verify_peer);
    }
    get request(http::verb::get, to.target, 11);
    request.set(http::field::host, to.host + ':' + to.port);
    request.set(http::field::user_agent, "beast");
    request.set(http::field::authorization, std::string("Bearer ") + bench::sample_token);

    asio::io_context context(1);
    bench::meter m(load);
    for (int i = 0; i < load.connections; ++i) asio::co_spawn(context, client(to, request, tls, m), asio::detached);
    context.run();
    m.print();
}
