// Calling an API for as long as one likes: the token is attached, renewed before it expires, and after a 401 renewed
// and the request replayed once. The tokens live in a file, so that a restart goes on where this run ended.

#include "settings.hpp"

#include <afresh/http_client.hpp>
#include <afresh/sqlite_token_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <unistd.h>

#include <filesystem>
#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> call_api(asio::any_io_executor executor, std::string file)
{
    afresh::source_options options;
    options.allowed_origins = {example::api()}; // the token goes nowhere else
    options.service.store = afresh::make_sqlite_token_store({.path = file});

    afresh::token_source tokens(executor, example::registration(), example::grant(), std::move(options));
    afresh::http_client api(tokens);

    for (int i = 0; i < 3; ++i) {
        const afresh::http_response answer = co_await api.get(example::api());
        std::cout << answer.status() << ' ' << answer.body() << '\n';
        if (answer.status() != 200) throw std::runtime_error("the API refused the call");
    }
}
//]

int main()
{
    const auto file = std::filesystem::temp_directory_path() / ("afresh-example-" + std::to_string(::getpid()) + ".db");
    int result = 0;
    try {
        asio::io_context context;
        std::exception_ptr failed;
        asio::co_spawn(context, call_api(context.get_executor(), file), [&](std::exception_ptr e) { failed = e; });
        context.run();
        if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        result = 1;
    }
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) std::filesystem::remove(file.string() + suffix);
    return result;
}
