#pragma once
// A server for all cases of a program, a thread for the stores' connections, and a table of its own for each case.

#include "support/postgres_server.hpp"
#include "support/print_errc.hpp"
#include "support/store_client.hpp"

#include <afresh/postgres_token_store.hpp>

#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>

namespace afresh::test {

// To be made a BOOST_GLOBAL_FIXTURE. Ends before the program does: OpenSSL's own end is among the last things that
// happen.
struct postgres_world {
    postgres_world() { here = this; }
    ~postgres_world() { threads.join(); }

    postgres_server server;
    asio::thread_pool threads{1};
    int tables{};
    static inline postgres_world* here{};
};

struct postgres_fixture {
    postgres_fixture() : world(*postgres_world::here), server(world.server)
    {
        if (!server.is_running()) server.start();
        options.conninfo = server.conninfo();
        options.table = "t" + std::to_string(++world.tables);
    }

    std::shared_ptr<token_store> store() const
    {
        return make_postgres_token_store(world.threads.get_executor(), options);
    }
    // What a first command says.
    store_reply first() const { return store_client(store()).ask(store_command()); }
    std::string problem() const
    {
        const store_reply reply = first();
        BOOST_TEST(reply.outcome == status::failed);
        BOOST_TEST(reply.error == errc::store_failed);
        BOOST_TEST(reply.error_text.find("secret's") == std::string::npos);
        return reply.error_text;
    }

    postgres_world& world;
    postgres_server& server;
    postgres_store_options options;
};

inline bool says(const std::string& text, const std::string& part)
{
    if (text.find(part) != std::string::npos) return true;
    BOOST_TEST_MESSAGE(text);
    return false;
}

} // namespace afresh::test
