// A contestant of bench/losses: Afresh as it comes, over a SQLite file.
// Usage: afresh_tokens CALLERS FILE TOKEN_ENDPOINT REFRESH_TOKEN; what it prints is described in test/support/fleet_program.hpp.

#include "support/fleet_program.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdlib>
#include <exception>
#include <string>

namespace asio = boost::asio;
using namespace afresh;
using namespace afresh::test;

int main(int count, char** values)
try {
    if (count != 5) return 2;
    asio::io_context context;
    source_options options;
    options.service.store = make_sqlite_token_store({.path = values[2]});
    options.on_sign_in = sign_in;
    const token_source tokens(context.get_executor(), client_registration(values[3], "fleet"),
                              grant::refresh_token(secret_string(values[4])), std::move(options));
    std::uint64_t newest = 0;
    for (int i = std::atoi(values[1]); i > 0; --i) asio::co_spawn(context, want_tokens(tokens, newest), asio::detached);
    context.run();
    return 0;
} catch (const std::exception& e) {
    say(std::string("failed to start: ") + e.what());
    return 1;
}
