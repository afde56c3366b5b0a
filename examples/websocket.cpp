// A WebSocket with the token: messages to a server that says them back.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> chat(asio::any_io_executor executor)
{
    afresh::source_options options;
    options.allowed_origins = {example::api()};
    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));
    afresh::http_client api(tokens);

    afresh::websocket room = co_await api.websocket(example::api("chat")); // a 401 here is answered with a newer token
    for (const char* line : {"hello", "is anybody there?"}) {
        co_await room.write(line);
        const auto message = co_await room.read();
        if (!message) break; // closed in good order
        std::cout << message->data << '\n';
    }
    co_await room.close();
    std::cout << "closed with " << room.close_code() << '\n';
}
//]

int main()
{
    asio::io_context context;
    asio::co_spawn(context, chat(context.get_executor()), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
}
