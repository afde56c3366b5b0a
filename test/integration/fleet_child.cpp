// One process of a fleet that test/integration/fleet.cpp kills: a store that many share. What it tells is described in
// support/fleet_program.hpp.
// Usage: fleet_child STORE TOKEN_ENDPOINT REFRESH_TOKEN, where STORE is sqlite:PATH or postgres:CONNINFO

#include "support/fleet_program.hpp"
#include "support/store_of.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <string>

namespace asio = boost::asio;
using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

int main(int count, char** values)
try {
    if (count != 4) return 2;
    ::signal(SIGXFSZ, SIG_IGN); // a full disk is an error, not the end
    asio::io_context context;
    source_options options;
    options.service.store = store_of(values[1], context.get_executor());
    options.on_sign_in = sign_in;
    refresh_policy& policy = options.service.policy;
    policy.rotation_grace = 1s; // less than the server has: a resend comes sooner
    policy.takeover_wait = 200ms;
    policy.max_wait = 20s;
    policy.backoff_cap = 1s;
    policy.unused = unused_sources::always;
    const token_source tokens(context.get_executor(),
                              client_registration(values[2], "fleet").allow_plain_http_for_tests(),
                              grant::refresh_token(secret_string(values[3])), std::move(options));
    std::uint64_t newest = 0;
    for (int i = 0; i < 8; ++i) asio::co_spawn(context, want_tokens(tokens, newest), asio::detached);
    context.run();
    return 0;
} catch (const std::exception& e) {
    say(std::string("failed to start: ") + e.what());
    return 1;
}
