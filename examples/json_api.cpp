// A JSON API: values out and in, statuses as exceptions, and what happens on its own meanwhile.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <iostream>

namespace asio = boost::asio;
namespace json = boost::json;

//[body
asio::awaitable<void> talk(asio::any_io_executor executor)
{
    afresh::source_options options;
    options.allowed_origins = {example::api()};
    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));

    afresh::http_client_options settings;
    settings.retries.attempts = 2;                   // of what is idempotent, with growing pauses
    settings.limits.total = std::chrono::seconds(5); // one call, all of it
    afresh::http_client api(tokens, settings);

    afresh::http_request question("GET", example::api("greeting"));
    question.query("to", "Ada & Charles").field("Accept", "application/json");
    const afresh::http_response greeting = co_await api.request(std::move(question));
    std::cout << json::serialize(greeting.raise_for_status().json().at("greeting")) << '\n';

    const json::value note{{"text", "a note"}, {"tags", {"one", "two"}}}; // before the call, for g++ 12
    const afresh::http_response kept =
        co_await api.request(afresh::http_request("POST", example::api("notes")).json(note));
    std::cout << json::serialize(kept.raise_for_status().json()) << '\n';

    try {
        const afresh::http_response missing = co_await api.get(example::api("nothing"));
        missing.raise_for_status();
    } catch (const afresh::http_status_error& e) {
        std::cout << e.response().status() << ' ' << e.response().text() << '\n';
    }
}
//]

int main()
{
    asio::io_context context;
    asio::co_spawn(context, talk(context.get_executor()), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
}
