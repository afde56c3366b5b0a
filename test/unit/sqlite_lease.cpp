// A lease ends with the process that holds it, at once, and never while that process lives (FAULTS A8, A9, A11).

#include "store/owner_lock.hpp"
#include "store/sqlite_handle.hpp"
#include "support/child_process.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <thread>

using namespace afresh;
using namespace afresh::test;
using store::owner_lock;
using life = owner_lock::life;
using clock_type = owner_lock::clock;

namespace {

std::shared_ptr<token_store> open_store(const std::string& path)
{
    sqlite_store_options options;
    options.path = path;
    return make_sqlite_token_store(options);
}

// Takes the lease, says so, and waits to be killed.
int hold_lease(const std::string& path, int out)
{
    store_client c(open_store(path));
    c.begin();
    const std::uint64_t fence = c.lease("child", milliseconds(50));
    c.does(intend(fence, 1, "r1"));
    tell(out, fence);
    for (;;) ::pause();
}

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_lease)

BOOST_AUTO_TEST_CASE(a_paused_holder_is_never_taken_over_and_a_killed_one_at_once)
{
    const temp_directory d;
    child_process child([&](int out) { return hold_lease(d / "store", out); });
    std::uint64_t fence = 0;
    BOOST_REQUIRE(child.read(fence));
    child.kill(SIGSTOP);
    store_client c(open_store(d / "store"));
    std::this_thread::sleep_for(milliseconds(200)); // four times its lease
    const store_reply busy = c.ask(take("parent"));
    BOOST_TEST(busy.outcome == status::busy);
    BOOST_TEST((busy.record.holder.until > busy.now)); // so that those who wait know how long
    child.kill(SIGKILL);
    BOOST_TEST(child.wait() == -SIGKILL);
    const auto start = clock_type::now();
    const store_reply taken = c.ask(take("parent"));
    BOOST_TEST((clock_type::now() - start < milliseconds(100)));
    BOOST_TEST(taken.outcome == status::ok);
    BOOST_TEST(taken.record.holder.fence > fence);
    BOOST_TEST(taken.record.intent.rt_hash == "#r1"); // so that the taker knows of the POST
    BOOST_TEST(c.does(intend(taken.record.holder.fence, 1, "r1")) == status::ok);
    BOOST_TEST(c.record().intent.in_doubt);
}

BOOST_AUTO_TEST_CASE(a_killed_holder_of_a_long_lease_is_taken_over_at_once_too)
{
    const temp_directory d;
    store_client c(open_store(d / "store"));
    c.begin();
    child_process child([&](int out) {
        store_client mine(open_store(d / "store"));
        tell(out, mine.lease("child", seconds(3600)));
        for (;;) ::pause();
        return 0;
    });
    std::uint64_t fence = 0;
    BOOST_REQUIRE(child.read(fence));
    BOOST_TEST(c.does(take("parent")) == status::busy);
    child.kill(SIGKILL);
    child.wait();
    BOOST_TEST(c.does(take("parent")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_process_forked_by_the_holder_does_not_keep_its_lease)
{
    const temp_directory d;
    pid_t grandchild = 0;
    child_process child([&](int out) {
        store_client c(open_store(d / "store"));
        c.lease("child", seconds(3600));
        const pid_t forked = ::fork();
        if (forked == 0)
            for (;;) ::pause();
        tell(out, forked);
        for (;;) ::pause();
        return 0;
    });
    BOOST_REQUIRE(child.read(grandchild));
    store_client c(open_store(d / "store"));
    BOOST_TEST(c.does(take("parent")) == status::busy);
    child.kill(SIGKILL);
    child.wait();
    // fork() may return to the holder before the other has run at all, so it is given a moment.
    const auto give_up = clock_type::now() + seconds(5);
    while (c.does(take("parent")) == status::busy && clock_type::now() < give_up)
        std::this_thread::sleep_for(milliseconds(1));
    BOOST_TEST(c.does(take("parent")) == status::ok);
    ::kill(grandchild, SIGKILL);
}

BOOST_AUTO_TEST_CASE(two_stores_of_one_process_see_each_others_leases)
{
    const temp_directory d;
    auto first = open_store(d / "store");
    store_client other(open_store(d / "store"));
    store_client(first).lease("a", milliseconds(1));
    std::this_thread::sleep_for(milliseconds(50));
    BOOST_TEST(other.does(take("b")) == status::busy); // alive, so it may still be sending
    first.reset();
    BOOST_TEST(other.does(take("b")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_holder_that_was_slow_and_that_nobody_has_replaced_still_is_the_holder)
{
    const temp_directory d;
    store_client c(open_store(d / "store"));
    c.begin();
    const std::uint64_t fence = c.lease("a", milliseconds(1));
    std::this_thread::sleep_for(milliseconds(50));
    store_command intent = intend(fence, 1, "r1");
    intent.ttl = seconds(60);
    BOOST_TEST(c.does(intent) == status::ok);
    BOOST_TEST(c.does(take("b")) == status::busy); // the intent renewed the lease
}

BOOST_AUTO_TEST_CASE(a_holder_that_was_slow_and_was_replaced_is_fenced)
{
    const temp_directory d;
    store_client c(open_store(d / "store"));
    c.begin();
    const std::uint64_t fence = c.lease("a", milliseconds(1));
    std::this_thread::sleep_for(milliseconds(50));
    BOOST_TEST(c.does(take("b")) == status::ok); // within one process the clock decides: "a" may be gone
    BOOST_TEST(c.does(intend(fence, 1, "r1")) == status::fenced);
}

BOOST_AUTO_TEST_CASE(a_store_that_is_closed_and_opened_again_takes_over_its_own_lease)
{
    const temp_directory d;
    const std::uint64_t fence = store_client(open_store(d / "store")).lease("a", seconds(3600));
    BOOST_TEST(store_client(open_store(d / "store")).lease("a") == fence + 1);
}

BOOST_AUTO_TEST_CASE(a_lease_whose_release_could_not_be_written_is_free_for_others)
{
    const temp_directory d;
    sqlite_store_options impatient;
    impatient.path = d / "store";
    impatient.busy_timeout = milliseconds(1);
    store_client c(make_sqlite_token_store(impatient));
    store_client other(open_store(d / "store"));
    const std::uint64_t fence = c.lease("a", seconds(3600));
    {
        store::sqlite_handle blocker(d / "store", seconds(1));
        const store::write_transaction lock(blocker);
        BOOST_TEST(c.does(release(fence)) == status::failed);
    }
    BOOST_TEST(other.does(take("b")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_renewal_that_could_not_be_written_still_keeps_the_lease)
{
    const temp_directory d;
    sqlite_store_options impatient;
    impatient.path = d / "store";
    impatient.busy_timeout = milliseconds(1);
    store_client c(make_sqlite_token_store(impatient));
    const std::uint64_t fence = c.lease("a", milliseconds(50));
    {
        store::sqlite_handle blocker(d / "store", seconds(1));
        const store::write_transaction lock(blocker);
        BOOST_TEST(c.does(renew(fence, seconds(60))) == status::failed);
    }
    std::this_thread::sleep_for(milliseconds(100));
    BOOST_TEST(c.does(take("b")) == status::busy);
    BOOST_TEST(c.does(renew(fence)) == status::ok);
}

BOOST_AUTO_TEST_CASE(without_the_lock_file_the_clock_decides)
{
    const temp_directory d;
    auto first = open_store(d / "store");
    store_client(first).lease("a", milliseconds(300));
    std::filesystem::remove(d / "store.lock");
    store_client c(open_store(d / "store")); // makes another one, which says nothing of the first
    BOOST_TEST(c.does(take("b")) == status::busy);
    std::this_thread::sleep_for(milliseconds(350));
    BOOST_TEST(c.does(take("b")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_damaged_lock_file_is_refused)
{
    const temp_directory d;
    open_store(d / "store");
    std::filesystem::resize_file(d / "store.lock", 3);
    BOOST_CHECK_THROW(open_store(d / "store"), std::exception);
}

BOOST_AUTO_TEST_CASE(an_abandoned_lease_ends_for_this_process_in_time_and_for_others_later)
{
    const temp_directory d;
    owner_lock mine(d / "lock");
    owner_lock other(d / "lock");
    const clock_type::time_point now = clock_type::now();
    const std::string text = mine.claim("a");
    BOOST_TEST((other.look(text, now) == life::alive));
    mine.confirm("key", text, 1, now + seconds(6));
    mine.settle("key", text);
    BOOST_TEST(mine.text_of("key", "a", now) == text);
    BOOST_TEST(mine.text_of("key", "b", now).empty());
    BOOST_TEST((mine.look(text, now + seconds(6)) == life::dead));
    BOOST_TEST((other.look(text, now + seconds(6)) == life::alive));
    const clock_type::time_point end = now + seconds(6) + owner_lock::abandoned_after;
    BOOST_TEST((mine.drop_abandoned(end - seconds(1)) == end));
    BOOST_TEST((other.look(text, now) == life::alive));
    BOOST_TEST((mine.drop_abandoned(end) == clock_type::time_point::max()));
    BOOST_TEST((other.look(text, now) == life::dead));
}

BOOST_AUTO_TEST_CASE(claims_that_came_to_nothing_are_freed)
{
    const temp_directory d;
    owner_lock mine(d / "lock");
    const owner_lock other(d / "lock");
    const std::string first = mine.claim("a");
    const std::string second = mine.claim("a");
    const std::string third = mine.claim("b");
    BOOST_TEST(first != second);
    mine.confirm("key", second, 1, clock_type::now() + seconds(6));
    for (const std::string& text : {first, second, third}) BOOST_TEST((other.look(text, {}) == life::alive));
    mine.drop_claims();
    BOOST_TEST((other.look(first, {}) == life::dead));
    BOOST_TEST((other.look(second, {}) == life::alive));
    BOOST_TEST((other.look(third, {}) == life::dead));
}

BOOST_AUTO_TEST_CASE(an_owner_that_names_no_byte_of_this_file_is_unknown)
{
    const temp_directory d;
    owner_lock lock(d / "lock");
    owner_lock elsewhere(d / "lock2");
    const std::string text = lock.claim("a");
    const std::string cut = text.substr(0, text.rfind(':'));
    for (const std::string& t : {std::string(), std::string("a"), std::string("a#"), std::string("#:"), cut, cut + ":",
                                 cut + ":x", cut + ":-1", text + "x", elsewhere.claim("a")})
        BOOST_TEST_CONTEXT(t) { BOOST_TEST((lock.look(t, {}) == life::unknown)); }
}

BOOST_AUTO_TEST_SUITE_END()
