// Server-sent events, across connections: the server of the example ends the stream after two of them.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> listen(asio::any_io_executor executor)
{
    afresh::source_options options;
    options.allowed_origins = {example::api()};
    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));
    afresh::http_client api(tokens);

    afresh::http_event_stream events = api.events(afresh::http_request("GET", example::api("events")));
    for (int i = 0; i < 5; ++i) {
        const auto event = co_await events.next(); // connects, and connects again where it has to
        if (!event) break;
        std::cout << event->id << ' ' << event->type << ' ' << event->data << '\n';
    }
}
//]

int main()
{
    asio::io_context context;
    asio::co_spawn(context, listen(context.get_executor()), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
}
