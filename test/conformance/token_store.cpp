// One suite, every store.

#include "support/faulty_store.hpp"
#include "support/temp_directory.hpp"
#include "support/token_store_suite.hpp"

#include <afresh/sqlite_token_store.hpp>

using namespace afresh;
using namespace afresh::test;

namespace {

std::shared_ptr<token_store> make_sqlite(const key_ring& keys = {})
{
    static const temp_directory directory; // removed when the program ends
    static int number = 0;
    sqlite_store_options options;
    options.path = directory / ("store" + std::to_string(++number));
    options.keys = keys;
    return make_sqlite_token_store(options);
}

const bool memory = add_token_store_suite("memory", [] { return make_memory_token_store(); });
const bool sqlite = add_token_store_suite("sqlite", [] { return make_sqlite(); });
const bool sealed =
    add_token_store_suite("sealed sqlite", [] { return make_sqlite(key_ring("k1", std::string(32, 'k'))); });
// The tests' own wrapper is a store too while it does not fail.
const bool wrapped =
    add_token_store_suite("faulty", [] { return std::make_shared<faulty_store>(make_memory_token_store()); });

} // namespace

BOOST_AUTO_TEST_CASE(a_store_says_whether_tokens_survive_the_process)
{
    BOOST_TEST((memory && sqlite && sealed && wrapped));
    BOOST_TEST(!make_memory_token_store()->is_durable());
    BOOST_TEST(make_sqlite()->is_durable());
}

BOOST_AUTO_TEST_CASE(the_tests_store_fails_before_or_after_as_asked)
{
    const auto inner = make_memory_token_store();
    const auto store = std::make_shared<faulty_store>(inner, faulty_store::nth(0));
    store_client c(store);
    BOOST_TEST(c.does(take("a")) == status::failed);
    BOOST_TEST(!store_client(inner).ask(store_command()).found);
    store->set(faulty_store::every(kind::take_lease, faulty_store::fault::after));
    BOOST_TEST(c.does(take("a")) == status::failed);
    BOOST_TEST(store_client(inner).record().holder.owner == "a");
    store->set(faulty_store::every(kind::load, faulty_store::fault::throws));
    BOOST_CHECK_THROW(c.does(store_command()), std::runtime_error);
    BOOST_TEST(store->seen().size() == 3u);
}
