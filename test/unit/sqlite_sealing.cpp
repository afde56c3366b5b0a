// A sealed SQLite store: opened with its keys or not at all; rows that were changed or moved are refused (FAULTS B12).
#include "store/sqlite_handle.hpp"
#include "support/print_errc.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <iterator>

using namespace afresh;
using namespace afresh::test;

namespace {

const std::string one(32, '1');
const std::string two(32, '2');

struct fixture {
    std::shared_ptr<token_store> open(const key_ring& keys = {})
    {
        sqlite_store_options options;
        options.path = path;
        options.keys = keys;
        return make_sqlite_token_store(options);
    }
    std::string refusal(const key_ring& keys = {})
    {
        try {
            open(keys);
            return {};
        } catch (const boost::system::system_error& e) {
            BOOST_TEST(e.code() == errc::store_failed);
            return e.what();
        }
    }
    // What somebody else does to the database.
    void tamper(const char* sql) { store::sqlite_handle(path, seconds(1)).run(sql); }
    // In any of its files.
    bool holds(const std::string& text) const
    {
        for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
            std::ifstream in(file.path(), std::ios::binary);
            const std::string all{std::istreambuf_iterator<char>(in), {}};
            if (all.find(text) != std::string::npos) return true;
        }
        return false;
    }
    std::string error_of(const std::shared_ptr<token_store>& store, const std::string& chain)
    {
        const store_reply reply = store_client(store, chain).ask(store_command());
        return reply.outcome == status::failed ? reply.error_text : std::string();
    }

    const temp_directory directory;
    const std::string path = directory / "store";
};

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

} // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_sealing, fixture)

BOOST_AUTO_TEST_CASE(nothing_of_a_token_is_in_the_files)
{
    const auto store = open(key_ring("k1", one));
    store_client c(store, "alice");
    c.begin("refresh-token-of-alice");
    BOOST_TEST(!holds("refresh-token-of-alice"));
    BOOST_TEST(holds("alice")); // the chain's name is not hidden
    BOOST_TEST((store_client(open(key_ring("k1", one)), "alice").record().refresh_token ==
                secret_string("refresh-token-of-alice")));
}

BOOST_AUTO_TEST_CASE(only_the_right_key_opens_it)
{
    store_client(open(key_ring("k1", one))).begin();
    BOOST_TEST(has(refusal(), "is sealed"));
    BOOST_TEST(has(refusal(key_ring("k1", two)), "another key 'k1'"));
    BOOST_TEST(has(refusal(key_ring("k2", two)), "'k1', which is not in the key ring"));
    BOOST_TEST(refusal(key_ring("k1", one)).empty());
}

BOOST_AUTO_TEST_CASE(a_store_that_was_open_is_sealed_as_a_whole)
{
    const auto open_still = open();
    store_client(open_still, "alice").begin("token-of-alice");
    store_client(open_still, "bob").begin("token-of-bob");
    BOOST_TEST(holds("token-of-alice"));
    const auto sealed = open(key_ring("k1", one));
    BOOST_TEST((store_client(sealed, "alice").record().refresh_token == secret_string("token-of-alice")));
    BOOST_TEST((store_client(sealed, "bob").record().refresh_token == secret_string("token-of-bob")));
    // who has it open without keys writes nothing into it any more
    BOOST_TEST(has(error_of(open_still, "alice"), "not in the key ring"));
    store_client late(open_still, "carol");
    const store_reply reply = late.ask(take("carol"));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(has(reply.error_text, "was sealed meanwhile"));
}

BOOST_AUTO_TEST_CASE(no_token_is_left_in_the_files_when_a_store_was_sealed)
{
    store_client(open(), "alice").begin("token-of-alice");
    open(key_ring("k1", one));
    BOOST_TEST(!holds("token-of-alice"));
}

BOOST_AUTO_TEST_CASE(keys_change_while_the_store_goes_on)
{
    store_client(open(key_ring("k1", one)), "alice").begin("r1");
    key_ring both("k2", two);
    both.add("k1", one);
    BOOST_TEST((store_client(open(both), "alice").record().refresh_token == secret_string("r1")));
    BOOST_TEST(
        has(refusal(key_ring("k2", two)), "'k1', which is not in the key ring")); // alice's is still sealed by it
    store_client(open(both), "alice").lease();                                    // written anew
    BOOST_TEST((store_client(open(key_ring("k2", two)), "alice").record().refresh_token == secret_string("r1")));
    BOOST_TEST(has(refusal(key_ring("k1", one)), "'k2', which is not in the key ring"));
}

BOOST_AUTO_TEST_CASE(rows_that_were_changed_are_refused)
{
    const auto store = open(key_ring("k1", one));
    for (const char* name : {"alice", "bob", "carol", "dave", "erin"}) store_client(store, name).begin(name);
    tamper("UPDATE chain SET record = (SELECT record FROM chain WHERE key = 'bob') WHERE key = 'alice'");
    BOOST_TEST(has(error_of(store, "alice"), "changed by somebody"));
    tamper("UPDATE chain SET generation = 7 WHERE key = 'carol'");
    BOOST_TEST(has(error_of(store, "carol"), "changed by somebody"));
    tamper("UPDATE chain SET record = '{}' WHERE key = 'dave'");
    BOOST_TEST(has(error_of(store, "dave"), "not sealed"));
    tamper("UPDATE chain SET record = substr(record, 1, length(record) - 4) WHERE key = 'erin'");
    BOOST_TEST(has(error_of(store, "erin"), "changed by somebody"));
    BOOST_TEST((store_client(store, "bob").record().refresh_token == secret_string("bob")));
}

BOOST_AUTO_TEST_CASE(a_store_of_the_first_version_is_brought_up_to_date)
{
    store_client(open(), "alice").begin("r1");
    tamper("DROP INDEX chain_changed; ALTER TABLE chain DROP COLUMN changed; DROP TABLE sealing");
    tamper("PRAGMA user_version = 1");
    BOOST_TEST((store_client(open(), "alice").record().refresh_token == secret_string("r1")));
    BOOST_TEST((store_client(open(key_ring("k1", one)), "alice").record().refresh_token == secret_string("r1")));
    tamper("PRAGMA user_version = 4");
    BOOST_TEST(has(refusal(key_ring("k1", one)), "another version of Afresh"));
}

BOOST_AUTO_TEST_SUITE_END()
