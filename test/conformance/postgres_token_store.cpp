// The suite of every store, over PostgreSQL.

#include "support/postgres_server.hpp"
#include "support/token_store_suite.hpp"

#include <afresh/postgres_token_store.hpp>

using namespace afresh;
using namespace afresh::test;

namespace {

// Ends before the program does: OpenSSL's own end is among the last things that happen.
struct world {
    world() { here = this; }
    ~world() { threads.join(); }

    const postgres_server server;
    asio::thread_pool threads{2};
    int stores{};
    static inline world* here{};
};

std::shared_ptr<token_store> make_postgres(const key_ring& keys = {})
{
    world& w = *world::here;
    postgres_store_options options;
    options.conninfo = w.server.conninfo();
    options.table = "store" + std::to_string(++w.stores);
    options.keys = keys;
    return make_postgres_token_store(w.threads.get_executor(), options);
}

const bool plain = add_token_store_suite("postgres", [] { return make_postgres(); });
const bool sealed =
    add_token_store_suite("sealed postgres", [] { return make_postgres(key_ring("k1", std::string(32, 'k'))); });

} // namespace

BOOST_GLOBAL_FIXTURE(world);

BOOST_AUTO_TEST_CASE(tokens_survive_the_process)
{
    BOOST_TEST((plain && sealed));
    BOOST_TEST(make_postgres()->is_durable());
}
