// The first token: a refresh token goes in, an access token that can be used now comes out.

#include "settings.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> first_token(asio::any_io_executor executor)
{
    afresh::token_source tokens(executor, example::registration(), example::grant());

    afresh::access_token token = co_await tokens.get(); // exchanges the refresh token
    token = co_await tokens.get();                      // the same one, at once: no I/O, no lock

    std::cout << "a " << token.type() << " token of " << token.value().size() << " characters, generation "
              << token.generation() << '\n';
}
//]

int main()
{
    try {
        asio::io_context context;
        std::exception_ptr failed;
        asio::co_spawn(context, first_token(context.get_executor()), [&](std::exception_ptr e) { failed = e; });
        context.run();
        if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
