#pragma once
// What every token_store must do. To test a store of your own, in a Boost.Test program:
//
//     static const bool added = afresh::test::add_token_store_suite("my_store", [] { return make_my_store(); });
//
// The factory makes a store without any chain; it is called once for each case. The rules of apply() are tested
// elsewhere: here, that a store applies them, atomically, to the right record, and answers on the right executor.

#include "support/store_client.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <functional>
#include <thread>

namespace afresh::test {

using store_factory = std::function<std::shared_ptr<token_store>()>;

namespace token_store_cases {

inline void a_missing_chain_is_not_found_and_is_not_made_by_reading(const store_factory& make)
{
    store_client c(make());
    for (int i = 0; i < 2; ++i) {
        const store_reply reply = c.ask(store_command());
        BOOST_TEST(reply.outcome == status::ok);
        BOOST_TEST(!reply.found);
        BOOST_TEST((reply.record == chain_record()));
    }
}

inline void a_command_that_is_not_valid_fails_with_a_reason(const store_factory& make)
{
    store_client c(make());
    const store_reply reply = c.ask(take(""));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST((reply.error == errc::invalid_argument));
    BOOST_TEST(!reply.error_text.empty());
    BOOST_TEST(!c.ask(store_command()).found);
}

inline void what_is_refused_is_not_written(const store_factory& make)
{
    const auto store = make();
    store_client c(store);
    c.begin();
    const std::uint64_t fence = c.lease("a");
    const chain_record before = c.record();
    BOOST_TEST(c.does(take("b")) == status::busy);
    BOOST_TEST(c.does(intend(fence + 1, 1, "r1")) == status::fenced);
    BOOST_TEST(c.does(intend(fence, 7, "r1")) == status::superseded);
    BOOST_TEST(c.does(replace(fence + 1, 1, "q1")) == status::fenced);
    BOOST_TEST((c.record() == before));
}

inline void a_rotation_is_kept_with_all_it_brought(const store_factory& make)
{
    store_client c(make());
    c.begin();
    const std::uint64_t fence = c.lease();
    BOOST_TEST(c.does(intend(fence, 1, "r1")) == status::ok);
    BOOST_TEST(c.record().intent.attempts == 1u);
    store_command command = save(fence, 1, "r1", "r2", "a2");
    command.token->id_token = "id";
    command.token->obtained_at = c.ask(store_command()).now;
    command.token->expires_at = command.token->obtained_at + std::chrono::nanoseconds(300'123'456'789);
    const store_reply reply = c.ask(command);
    BOOST_TEST(reply.outcome == status::ok);
    BOOST_TEST(reply.found);
    command.token->generation = 2;
    const chain_record record = c.record();
    BOOST_TEST((record == reply.record));
    BOOST_TEST(record.generation == 2u);
    BOOST_TEST(record.refresh_token.reveal() == "r2");
    BOOST_REQUIRE(record.tokens.size() == 1u);
    BOOST_TEST((record.tokens[0] == *command.token));
    BOOST_TEST(record.intent.rt_hash.empty());
    BOOST_TEST(record.holder.owner.empty());
}

inline void chains_do_not_touch_each_other_whatever_their_names(const store_factory& make)
{
    const auto store = make();
    const std::vector<std::string> keys{
        "a", "A", "a ", "", "a'; DROP TABLE chain; --", "caf\xc3\xa9", std::string(2000, 'k'), "%", "a/b"};
    for (const std::string& key : keys) store_client(store, key).begin("rt of " + key);
    for (const std::string& key : keys) {
        const chain_record r = store_client(store, key).record();
        BOOST_TEST(r.generation == 1u);
        BOOST_TEST(r.refresh_token.reveal() == "rt of " + key);
    }
}

inline void all_bytes_of_a_long_token_come_back(const store_factory& make)
{
    store_client c(make());
    std::string bytes;
    for (int i = 0; i < 64 * 1024; ++i) bytes += static_cast<char>(i * 7);
    c.begin(bytes);
    BOOST_TEST((c.record().refresh_token.reveal() == bytes));
}

inline void the_holder_of_a_lease_renews_it_and_others_get_it_after_its_end(const store_factory& make)
{
    store_client c(make());
    const std::uint64_t first = c.lease("a", seconds(1));
    BOOST_TEST(c.does(take("b")) == status::busy);
    BOOST_TEST(c.does(renew(first, seconds(60))) == status::ok);
    std::this_thread::sleep_for(milliseconds(1050));
    BOOST_TEST(c.does(take("b")) == status::busy);
    BOOST_TEST(c.does(take("a", milliseconds(1))) == status::ok);
    std::this_thread::sleep_for(milliseconds(50));
    BOOST_TEST(c.lease("b") > first);
    BOOST_TEST(c.does(renew(first)) == status::fenced);
}

inline void the_times_of_a_record_are_the_stores_own(const store_factory& make)
{
    store_client c(make());
    const store_reply taken = c.ask(take("a", seconds(60)));
    BOOST_TEST((taken.record.holder.until == taken.now + seconds(60)));
    const std::uint64_t fence = taken.record.holder.fence;
    const store_reply noted = c.ask(fail(fence, 0, "r1", exchange_failure::in_doubt, seconds(5), "cut"));
    BOOST_TEST((noted.record.not_before == noted.now + seconds(5)));
    BOOST_TEST((noted.record.intent.first_sent_at == noted.now));
    BOOST_TEST((c.ask(store_command()).now >= noted.now));
}

inline void a_sign_out_leaves_a_tombstone(const store_factory& make)
{
    store_client c(make());
    c.begin();
    const std::uint64_t fence = c.lease();
    BOOST_TEST(c.does(with_fence(kind::sign_out, fence, 1)) == status::ok);
    c.does(release(fence));
    const store_reply reply = c.ask(save(fence, 1, "r1", "r2", "a2"));
    BOOST_TEST(reply.outcome == status::signed_out);
    BOOST_TEST(c.ask(store_command()).found);
    BOOST_TEST(c.record().generation == 2u);
    BOOST_TEST(c.record().refresh_token.empty());
}

inline asio::awaitable<void> race_for_lease(std::shared_ptr<token_store> store, int me, std::atomic<int>& won)
{
    std::string key = "chain";
    store_command command = take("owner " + std::to_string(me));
    const store_reply reply = co_await store->execute(std::move(key), std::move(command));
    if (reply.outcome == status::ok) won.fetch_add(1);
}

inline void of_many_that_take_a_lease_at_once_one_gets_it(const store_factory& make)
{
    const auto store = make();
    std::atomic<int> won{0};
    asio::thread_pool pool(4);
    for (int i = 0; i < 64; ++i) asio::co_spawn(pool, race_for_lease(store, i, won), asio::detached);
    pool.join();
    BOOST_TEST(won.load() == 1);
}

inline asio::awaitable<void> rotate(std::shared_ptr<token_store> store, int me, int times)
{
    for (int i = 0; i < times;) {
        std::string key = "chain";
        store_command load;
        const store_reply now = co_await store->execute(key, std::move(load));
        const std::string sent(now.record.refresh_token.reveal());
        const std::string mine = std::to_string(me) + "." + std::to_string(i);
        store_command command = save(0, now.record.generation, sent, mine, "a" + mine);
        const store_reply saved = co_await store->execute(key, std::move(command));
        i += saved.outcome == status::ok;
    }
}

inline void no_success_overwrites_another(const store_factory& make)
{
    const auto store = make();
    store_client(store).begin();
    asio::thread_pool pool(4);
    for (int i = 0; i < 8; ++i) asio::co_spawn(pool, rotate(store, i, 25), asio::detached);
    pool.join();
    BOOST_TEST(store_client(store).record().generation == 1u + 8 * 25);
}

inline asio::awaitable<void> note_where(std::shared_ptr<token_store> store, asio::any_io_executor home, int& wrong)
{
    for (int i = 0; i < 50; ++i) {
        std::string key = "chain";
        store_command command = take("a");
        co_await store->execute(std::move(key), std::move(command));
        const auto* strand = home.target<asio::strand<asio::thread_pool::executor_type>>();
        wrong += strand == nullptr || !strand->running_in_this_thread();
    }
}

inline void the_answer_comes_on_the_callers_strand(const store_factory& make)
{
    const auto store = make();
    asio::thread_pool pool(2);
    const auto strand = asio::make_strand(pool.get_executor());
    int wrong = 0;
    asio::co_spawn(strand, note_where(store, strand, wrong), asio::detached);
    asio::co_spawn(strand, note_where(store, strand, wrong), asio::detached);
    pool.join();
    BOOST_TEST(wrong == 0);
}

// Under AddressSanitizer: neither a coroutine that is never resumed, nor one whose context is gone, may leak or be
// touched.
inline void a_context_may_be_destroyed_while_the_store_works(const store_factory& make)
{
    const auto store = make();
    store_client(store).begin();
    for (int i = 0; i < 50; ++i) {
        asio::io_context context;
        for (int j = 0; j < 4; ++j) asio::co_spawn(context, rotate(store, j, 10), asio::detached);
        for (int n = 0; n < i; ++n) context.run_one();
    }
    BOOST_TEST(store_client(store).does(take("a")) == status::ok);
}

inline asio::awaitable<void> command_and_forget(std::shared_ptr<token_store> store, std::atomic<int>& answers)
{
    std::string key = "chain";
    store_command command = take("a");
    const auto pending = store.get();
    auto work = pending->execute(std::move(key), std::move(command));
    store.reset(); // the caller of execute() keeps the store only until it suspends
    co_await std::move(work);
    answers.fetch_add(1);
}

inline void a_store_that_is_destroyed_answers_first(const store_factory& make)
{
    for (int i = 0; i < 20; ++i) {
        asio::io_context context;
        std::atomic<int> answers{0};
        auto store = make();
        for (int j = 0; j < 8; ++j) asio::co_spawn(context, command_and_forget(store, answers), asio::detached);
        for (int n = 0; n < 8; ++n) context.run_one();
        store.reset();
        context.run();
        BOOST_TEST(answers.load() == 8);
    }
}

} // namespace token_store_cases

// Adds the cases to the program, as the suite `name`.
inline bool add_token_store_suite(const std::string& name, const store_factory& make)
{
    using namespace token_store_cases;
    namespace ut = boost::unit_test;
    auto* suite = new ut::test_suite(name, __FILE__, __LINE__); // owned by Boost.Test
    const auto add = [&](const char* title, void (*test)(const store_factory&)) {
        suite->add(ut::make_test_case([test, make] { test(make); }, title, __FILE__, __LINE__));
    };
#define AFRESH_STORE_CASE(c) add(#c, &c)
    AFRESH_STORE_CASE(a_missing_chain_is_not_found_and_is_not_made_by_reading);
    AFRESH_STORE_CASE(a_command_that_is_not_valid_fails_with_a_reason);
    AFRESH_STORE_CASE(what_is_refused_is_not_written);
    AFRESH_STORE_CASE(a_rotation_is_kept_with_all_it_brought);
    AFRESH_STORE_CASE(chains_do_not_touch_each_other_whatever_their_names);
    AFRESH_STORE_CASE(all_bytes_of_a_long_token_come_back);
    AFRESH_STORE_CASE(the_holder_of_a_lease_renews_it_and_others_get_it_after_its_end);
    AFRESH_STORE_CASE(the_times_of_a_record_are_the_stores_own);
    AFRESH_STORE_CASE(a_sign_out_leaves_a_tombstone);
    AFRESH_STORE_CASE(of_many_that_take_a_lease_at_once_one_gets_it);
    AFRESH_STORE_CASE(no_success_overwrites_another);
    AFRESH_STORE_CASE(the_answer_comes_on_the_callers_strand);
    AFRESH_STORE_CASE(a_context_may_be_destroyed_while_the_store_works);
    AFRESH_STORE_CASE(a_store_that_is_destroyed_answers_first);
#undef AFRESH_STORE_CASE
    ut::framework::master_test_suite().add(suite);
    return true;
}

} // namespace afresh::test
