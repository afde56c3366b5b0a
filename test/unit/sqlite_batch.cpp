// Commands of many chains that come together share a transaction, and nothing else.

#include "store/sqlite_handle.hpp"
#include "support/print_errc.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

using namespace afresh;
using namespace afresh::test;

namespace {

constexpr int chains = 300;

std::string key_of(int i) { return "chain " + std::to_string(i); }

struct crowd {
    crowd()
    {
        sqlite_store_options options;
        options.path = path;
        store = make_sqlite_token_store(options);
    }
    // The same command of each chain, all at once.
    std::map<std::string, store_reply> all(const std::vector<store_command>& commands)
    {
        std::map<std::string, store_reply> replies;
        asio::io_context context;
        for (int i = 0; i < chains; ++i) {
            const std::string key = key_of(i);
            asio::co_spawn(context, store->execute(key, commands[static_cast<std::size_t>(i) % commands.size()]),
                           [&replies, key](std::exception_ptr e, store_reply r) {
                               BOOST_TEST(!e);
                               replies[key] = std::move(r);
                           });
        }
        context.run();
        BOOST_TEST(replies.size() == std::size_t(chains));
        return replies;
    }
    int count(const std::map<std::string, store_reply>& replies, status s)
    {
        return static_cast<int>(
            std::count_if(replies.begin(), replies.end(), [s](const auto& r) { return r.second.outcome == s; }));
    }
    // sqlite.org/walformat.html: a frame that ends a transaction says how large the database is then.
    int commits() const
    {
        std::ifstream in(path + "-wal", std::ios::binary);
        const std::string log((std::istreambuf_iterator<char>(in)), {});
        int n = 0;
        for (std::size_t frame = 32; frame + 24 <= log.size(); frame += 24 + 4096)
            n += log.substr(frame + 4, 4) != std::string(4, '\0');
        return n;
    }

    const temp_directory directory;
    const std::string path = directory / "store";
    std::shared_ptr<token_store> store;
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_batch)

BOOST_FIXTURE_TEST_CASE(an_exchange_of_three_hundred_chains_takes_a_few_transactions, crowd)
{
    const int before = commits();
    BOOST_TEST(count(all({take("a")}), status::ok) == chains);
    BOOST_TEST(count(all({replace(1, 0, "r1", "r1")}), status::ok) == chains);
    BOOST_TEST(count(all({intend(1, 1, "r1")}), status::ok) == chains);
    BOOST_TEST(count(all({save(1, 1, "r1", "r2", "a2")}), status::ok) == chains);
    BOOST_TEST(commits() - before >= 12); // 128 at most in each
    BOOST_TEST(commits() - before < 4 * chains / 10);
    const auto left = all({store_command()});
    for (const auto& [key, reply] : left) {
        BOOST_TEST(reply.record.refresh_token.reveal() == "r2");
        BOOST_TEST(reply.record.holder.owner.empty());
    }
}

BOOST_FIXTURE_TEST_CASE(each_keeps_its_own_lease_against_all_others, crowd)
{
    BOOST_TEST(count(all({take("a")}), status::ok) == chains);
    BOOST_TEST(count(all({take("b")}), status::busy) == chains);
    sqlite_store_options options;
    options.path = path;
    store_client elsewhere(make_sqlite_token_store(options), key_of(7));
    BOOST_TEST(elsewhere.does(take("c")) == status::busy);
    BOOST_TEST(count(all({release(1)}), status::ok) == chains);
    BOOST_TEST(elsewhere.does(take("c")) == status::ok);
    BOOST_TEST(count(all({take("b")}), status::ok) == chains - 1);
}

BOOST_FIXTURE_TEST_CASE(what_one_of_them_cannot_do_the_others_do, crowd)
{
    all({take("a")});
    all({replace(1, 0, "r1", "r1")});
    store::sqlite_handle(path, seconds(1)).run("UPDATE chain SET record = '{}' WHERE key = 'chain 3'");
    const auto replies = all({save(1, 1, "r1", "r2", "a2")});
    for (const auto& [key, reply] : replies)
        BOOST_TEST(reply.outcome == (key == "chain 3" ? status::failed : status::ok));
    BOOST_TEST(replies.at("chain 3").error_text.find("damaged") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(commands_of_one_chain_that_come_together_are_done_in_order, crowd)
{
    std::vector<status> outcomes;
    asio::io_context context;
    for (const store_command& c : {take("a"), replace(1, 0, "r1"), intend(1, 1, "r1"), save(1, 1, "r1", "r2", "a2"),
                                   take("b"), intend(1, 2, "r2"), intend(2, 2, "r2")})
        asio::co_spawn(context, store->execute("one", c),
                       [&](std::exception_ptr, const store_reply& r) { outcomes.push_back(r.outcome); });
    context.run();
    const std::vector<status> expected{status::ok, status::ok,     status::ok, status::ok,
                                       status::ok, status::fenced, status::ok};
    BOOST_TEST(outcomes == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
