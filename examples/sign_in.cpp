// When the grant is refused, a human must sign in again. Afresh says so once, through a hook; the program brings new
// tokens and everything goes on, until somebody signs out.

#include "settings.hpp"

#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <iostream>

namespace asio = boost::asio;
using namespace std::chrono_literals;

asio::awaitable<void> sign_out(const afresh::token_source& tokens);

//[body
asio::awaitable<void> serve(asio::any_io_executor executor)
{
    afresh::source_options options;
    options.on_sign_in = []() -> asio::awaitable<afresh::token_set> {
        std::cout << "the user signs in\n"; // in a real program: send a message, open a page, wait for the callback
        afresh::token_set tokens;
        tokens.refresh_token(example::setting("AFRESH_REFRESH_TOKEN"));
        co_return tokens;
    };
    const auto spent = afresh::grant::refresh_token("a-refresh-token-that-is-no-longer-good");
    afresh::token_source tokens(executor, example::registration(), spent, std::move(options));

    for (;;) {
        afresh::error_code ec;
        try {
            const afresh::access_token token = co_await tokens.get();
            std::cout << "a token of generation " << token.generation() << '\n';
            break;
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        std::cout << ec.message() << '\n';
        if (ec != afresh::condition::sign_in) throw boost::system::system_error(ec);
        asio::steady_timer pause(executor, 50ms); // a server would answer "please sign in" and go on
        co_await pause.async_wait(asio::use_awaitable);
    }
    co_await sign_out(tokens);
}
//]

//[sign_out
asio::awaitable<void> sign_out(const afresh::token_source& tokens)
{
    afresh::error_code ec;
    co_await tokens.async_sign_out(asio::redirect_error(asio::use_awaitable, ec));
    if (ec == afresh::errc::revocation_failed)
        std::cout << "signed out; but the server may accept the tokens for a while\n";
    else if (ec)
        throw boost::system::system_error(ec); // the store failed: nothing has changed, try again
    else
        std::cout << "signed out\n";
}
//]

int main()
{
    try {
        asio::io_context context;
        std::exception_ptr failed;
        asio::co_spawn(context, serve(context.get_executor()), [&](std::exception_ptr e) { failed = e; });
        context.run();
        if (failed) std::rethrow_exception(failed);
    } catch (const std::exception& e) {
        std::cerr << e.what() << '\n';
        return 1;
    }
}
