// What a program of somebody else's looks like: it sees the installed headers and targets, and nothing of this project.
#include <afresh/error.hpp>
#ifdef CONSUMER_POSTGRES
#include <afresh/postgres_token_store.hpp>
#endif
#include <afresh/sqlite_token_store.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <iostream>

namespace asio = boost::asio;

// Nothing listens on port 1: an error is expected, thrown through the library's boundary, and in its own category.
asio::awaitable<bool> fails_as_documented(const afresh::token_source& tokens)
{
    try {
        co_await tokens.get();
    } catch (const boost::system::system_error& e) {
        std::cout << "expected: " << e.what() << '\n';
        co_return e.code() == afresh::errc::temporarily_unavailable&& e.code() == afresh::condition::retry_later;
    }
    co_return false;
}

int main(int argc, char** argv)
try {
    asio::io_context context;
    afresh::source_options options;
    options.service.store = afresh::make_sqlite_token_store({.path = argc > 1 ? argv[1] : "consumer.sqlite"});
    afresh::token_source tokens(
        context.get_executor(),
        afresh::client_registration("http://127.0.0.1:1/token", "consumer").allow_plain_http_for_tests(),
        afresh::grant::refresh_token(afresh::secret_string("rt")), std::move(options));
    bool passed = false;
    asio::co_spawn(context, fails_as_documented(tokens), [&](std::exception_ptr error, bool result) {
        passed = !error && result;
        tokens.close();
    });
    context.run();
#ifdef CONSUMER_POSTGRES
    try {
        afresh::make_postgres_token_store(context.get_executor(), {.conninfo = "no conninfo"});
        passed = false;
    } catch (const boost::system::system_error& e) {
        passed = passed && e.code() == afresh::errc::invalid_argument;
    }
#endif
    return passed ? 0 : 1;
} catch (const std::exception& e) {
    std::cerr << e.what() << '\n';
    return 2;
}
