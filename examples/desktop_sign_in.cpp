// A program on a desktop, or on a machine without a browser, whose user signs in. Start it with the issuer of an OpenID provider
// and a client id that is registered there for native applications; with --device as a third argument it shows a code.

#include <afresh/browser_sign_in.hpp>
#include <afresh/device_sign_in.hpp>
#include <afresh/token_source.hpp>
#include <afresh/user_info.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[begin
asio::awaitable<afresh::signed_in> begin(afresh::provider provider, afresh::client_registration client,
                                         bool has_browser)
{
    afresh::sign_in_options options;
    options.scope = "openid";
    if (has_browser) {
        afresh::browser_options browser;
        browser.path = "/cb"; // as registered: http://127.0.0.1/cb, on any port
        browser.application = "the example";
        const afresh::browser_sign_in sign_in(provider, client, options, browser);
        co_return co_await sign_in.run();
    }
    const afresh::device_sign_in sign_in(provider, client, options, [](const afresh::device_prompt& prompt) {
        std::cout << prompt.text() << std::flush;
    });
    co_return co_await sign_in.run();
}
//]

//[run
asio::awaitable<void> run(std::string issuer, std::string client_id, bool has_browser)
{
    const afresh::provider provider(issuer);
    const afresh::server_metadata found = co_await provider.metadata();
    const afresh::client_registration client(found, client_id);
    const afresh::signed_in user = co_await begin(provider, client, has_browser);
    std::cout << "signed in: " << user.subject << '\n';

    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const afresh::token_source tokens(executor, client, afresh::grant::refresh_token({}));
    co_await tokens.set_tokens(user.tokens); // from here on they are kept fresh
    const afresh::access_token token = co_await tokens.get();
    const std::string claims = co_await afresh::user_info(provider, token, user.subject);
    std::cout << claims << '\n';
    co_await tokens.sign_out();
}
//]

int main(int argc, char** argv)
{
    if (argc < 3) {
        std::cerr << "usage: desktop_sign_in ISSUER CLIENT_ID [--device]\n";
        return 2;
    }
    asio::io_context context;
    int status = 0;
    asio::co_spawn(context, run(argv[1], argv[2], argc == 3), [&](const std::exception_ptr& failed) {
        try {
            if (failed) std::rethrow_exception(failed);
        } catch (const std::exception& e) {
            std::cerr << e.what() << '\n';
            status = 1;
        }
    });
    context.run();
    return status;
}
