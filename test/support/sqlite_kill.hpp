#pragma once
// A process that rotates a refresh token is killed at random moments, again and again. What it acknowledged is never
// lost (FAULTS A2, A3).

#include "support/child_process.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>
#include <thread>

namespace afresh::test {

inline std::shared_ptr<token_store> open_store_to_kill(const std::string& path)
{
    sqlite_store_options options;
    options.path = path;
    return make_sqlite_token_store(options);
}

inline std::string nth_token(std::uint64_t generation) { return "refresh token " + std::to_string(generation); }

// The store's part of an exchange, over and over: lease, intent, success. Tells each generation after it is saved.
inline int rotate_until_killed(const std::string& path, int out)
{
    store_client c(open_store_to_kill(path));
    for (;;) {
        const store_reply lease = c.ask(take("child", seconds(3600)));
        if (lease.outcome != status::ok) return 1; // the last child is dead, so its lease is free
        const std::uint64_t generation = lease.record.generation;
        const std::uint64_t fence = lease.record.holder.fence;
        const std::string sent = nth_token(generation);
        if (c.does(intend(fence, generation, sent)) != status::ok) return 2;
        if (c.does(save(fence, generation, sent, nth_token(generation + 1), "a")) != status::ok) return 3;
        tell(out, generation + 1);
    }
}

inline void kill_a_rotating_process(int times)
{
    const temp_directory d;
    std::mt19937 random(20'240'229);
    std::uint64_t acknowledged = 0;
    int during_exchange = 0;
    for (int i = 0; i < times; ++i) {
        child_process child([&](int out) { return rotate_until_killed(d / "store", out); });
        // By turns among the commits, and before the first one: while the file is made, or opened with a log to
        // recover.
        std::uint64_t first = 0;
        if (i % 2 != 0 && child.read(first)) acknowledged = std::max(acknowledged, first);
        std::this_thread::sleep_for(std::chrono::microseconds(random() % 30'000));
        child.kill(SIGKILL);
        for (std::uint64_t generation = 0; child.read(generation);) acknowledged = std::max(acknowledged, generation);
        BOOST_REQUIRE_EQUAL(child.wait(), -SIGKILL); // else it says what the store said

        store_client c(open_store_to_kill(d / "store"));
        const store_reply reply = c.ask(store_command());
        BOOST_REQUIRE(reply.outcome == status::ok);
        BOOST_REQUIRE(reply.record.generation >= acknowledged);
        BOOST_REQUIRE(reply.record.generation <= acknowledged + 1); // at most one was saved and not told
        acknowledged = reply.record.generation;
        if (acknowledged > 0) BOOST_REQUIRE(reply.record.refresh_token.reveal() == nth_token(acknowledged));
        during_exchange += !reply.record.intent.rt_hash.empty();
        BOOST_REQUIRE(c.does(take("parent")) == status::ok);
    }
    BOOST_TEST(acknowledged > 0u);
    BOOST_TEST_MESSAGE(times << " kills, " << acknowledged << " rotations, " << during_exchange << " left an intent");
}

} // namespace afresh::test
