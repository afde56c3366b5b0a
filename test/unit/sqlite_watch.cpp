// Who hears of a change in a SQLite file.

#include "support/child_process.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace afresh;
using namespace afresh::test;

namespace {

struct watched {
    std::shared_ptr<token_store> open() const { return make_sqlite_token_store({.path = directory / "store"}); }
    token_store::change_handler handler()
    {
        return [this](const std::string& key) {
            const std::lock_guard lock(mutex);
            heard.push_back(key);
            came.notify_all();
        };
    }
    bool wait_for(const std::string& key)
    {
        std::unique_lock lock(mutex);
        return came.wait_for(lock, seconds(20), [&] {
            const auto found = std::find(heard.begin(), heard.end(), key);
            if (found == heard.end()) return false;
            heard.erase(heard.begin(), found + 1);
            return true;
        });
    }
    std::size_t count() const
    {
        const std::lock_guard lock(mutex);
        return heard.size();
    }

    const temp_directory directory;
    mutable std::mutex mutex;
    std::condition_variable came;
    std::vector<std::string> heard;
};

void rotate(store_client& c, int n)
{
    const std::string sent = "r" + std::to_string(n);
    BOOST_TEST(c.does(save(0, static_cast<std::uint64_t>(n), sent, "r" + std::to_string(n + 1), "a")) == status::ok);
}

} // namespace

BOOST_FIXTURE_TEST_SUITE(sqlite_watch, watched)

BOOST_AUTO_TEST_CASE(a_change_by_another_process_is_told_by_its_key)
{
    // Forked before any thread runs: what one of them holds would be held for ever in the child.
    child_process other([&](int) {
        while (!std::filesystem::exists(directory / "go")) std::this_thread::sleep_for(milliseconds(1));
        store_client c(open(), "alice");
        c.begin();
        store_client(open(), "bob").lease(); // no news
        rotate(c, 1);
        return 0;
    });
    const auto mine = open();
    const auto watching = mine->watch(handler());
    std::filesystem::create_directory(directory / "go");
    BOOST_TEST(other.wait() == 0);
    BOOST_TEST(wait_for("alice"));
    std::this_thread::sleep_for(milliseconds(50));
    const std::lock_guard lock(mutex);
    BOOST_TEST(std::count(heard.begin(), heard.end(), "bob") == 0);
}

BOOST_AUTO_TEST_CASE(ones_own_changes_are_no_news)
{
    const auto mine = open();
    const auto watching = mine->watch(handler());
    store_client c(mine, "alice");
    c.begin();
    rotate(c, 1);
    store_client(open(), "bob").begin();
    BOOST_TEST(wait_for("bob"));
    BOOST_TEST(count() == 0u);
}

BOOST_AUTO_TEST_CASE(nobody_is_told_any_more_once_the_handle_has_gone)
{
    const auto mine = open();
    auto first = mine->watch(handler());
    watched other;
    const auto second = mine->watch(other.handler());
    first.reset();
    store_client(open(), "alice").begin();
    BOOST_TEST(other.wait_for("alice"));
    BOOST_TEST(count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_watched_store_may_be_destroyed_and_the_handle_outlive_it)
{
    auto mine = open();
    const auto watching = mine->watch(handler());
    mine.reset();
    store_client(open(), "alice").begin();
    std::this_thread::sleep_for(milliseconds(20));
    BOOST_TEST(count() == 0u);
}

BOOST_AUTO_TEST_CASE(a_sign_out_is_news)
{
    const auto mine = open();
    store_client theirs(open(), "alice");
    theirs.begin();
    const auto watching = mine->watch(handler());
    const std::uint64_t fence = theirs.lease();
    theirs.does(with_fence(kind::sign_out, fence, 1));
    BOOST_TEST(wait_for("alice"));
}

BOOST_AUTO_TEST_SUITE_END()
