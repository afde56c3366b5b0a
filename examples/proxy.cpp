// Through a proxy, as the environment says it (HTTPS_PROXY, HTTP_PROXY, NO_PROXY); and a client without a token.

#include "settings.hpp"

#include <afresh/http_client.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <iostream>

namespace asio = boost::asio;

//[body
asio::awaitable<void> call(asio::any_io_executor executor, std::string url)
{
    afresh::http_client_options options;
    options.proxy = afresh::proxy_options::from_environment();
    if (options.proxy.for_http.empty()) // nothing there: one by name
        options.proxy = afresh::proxy_options::through(example::setting("AFRESH_PROXY"));
    afresh::http_client web(executor, options);
    const afresh::http_response answer = co_await web.get(url);
    std::cout << answer.status() << ' ' << answer.text() << '\n';
}
//]

int main(int argc, char** argv)
{
    asio::io_context context;
    const std::string url = argc > 1 ? argv[1] : "http://api.example/hello"; // which the proxy has to know
    asio::co_spawn(context, call(context.get_executor(), url), [](const std::exception_ptr& e) {
        if (e) std::rethrow_exception(e);
    });
    context.run();
}
