// What durability costs: a command, a refresh's three commands with many chains at once, and how long it takes until
// another process has what one has saved. The limit is the disk: a page that is written and made durable.

#include "benchmarks.hpp"

#include <afresh/sqlite_token_store.hpp>
#ifdef BENCH_POSTGRES
#include "support/postgres_server.hpp"

#include <afresh/postgres_token_store.hpp>
#endif

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {
namespace {

namespace asio = boost::asio;
using afresh::store_command;
using afresh::store_reply;
using afresh::token_store;
using kind = store_command::kind;

struct directory {
    directory()
    {
        // Beside the program: what is in /tmp may be in memory only.
        std::string name = (std::filesystem::current_path() / "bench-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path = name;
    }
    ~directory() { std::filesystem::remove_all(path); }
    std::string path;
};

store_reply ask(asio::thread_pool& pool, token_store& store, std::string key, store_command command)
{
    return asio::co_spawn(pool, store.execute(std::move(key), std::move(command)), asio::use_future).get();
}

store_command take()
{
    store_command c(kind::take_lease);
    c.owner = "bench";
    c.ttl = std::chrono::seconds(60);
    return c;
}

store_command save(const afresh::chain_record& now)
{
    store_command c(kind::save_success);
    c.generation = now.generation;
    c.rt_hash = now.rt_hash;
    c.new_refresh_token = std::string(200, 'r') + std::to_string(now.generation);
    c.new_rt_hash = "#" + std::to_string(now.generation + 1);
    c.token.emplace();
    c.token->access_token = std::string(800, 'a');
    return c;
}

// Lease, intent and success: what a store has to do with a refresh.
asio::awaitable<void> refresh(std::shared_ptr<token_store> store, std::string key, int times)
{
    for (int i = 0; i < times; ++i) {
        store_command first = take();
        const store_reply leased = co_await store->execute(key, std::move(first));
        store_command second(kind::write_intent);
        second.fence = leased.record.holder.fence;
        second.generation = leased.record.generation;
        second.rt_hash = leased.record.rt_hash.empty() ? "#0" : leased.record.rt_hash;
        second.ttl = std::chrono::seconds(60);
        co_await store->execute(key, std::move(second));
        store_command third = save(leased.record);
        third.fence = leased.record.holder.fence;
        const store_reply saved = co_await store->execute(key, std::move(third));
        if (saved.outcome != store_reply::status::ok) throw std::runtime_error("not saved: " + saved.error_text);
    }
}

double median(std::vector<double>& all)
{
    std::sort(all.begin(), all.end());
    return all[all.size() / 2];
}

using opener = std::function<std::shared_ptr<token_store>()>;

void measure(report& out, const std::string& name, const opener& open, double page_us)
{
    asio::thread_pool pool(2);
    const auto store = open();
    std::vector<double> durable, read;
    for (int i = 0; i < 300; ++i) {
        stopwatch w;
        ask(pool, *store, "one", take());
        durable.push_back(w.ns() / 1000);
        w = {};
        ask(pool, *store, "one", store_command());
        read.push_back(w.ns() / 1000);
    }
    out.add({"stores", name + ", a durable command", "us", median(durable), "a page written and synced", page_us});
    out.add({"stores", name + ", a read", "us", median(read)});

    constexpr int chains = 64, times = 20;
    const stopwatch all;
    {
        std::vector<std::future<void>> done;
        for (int i = 0; i < chains; ++i)
            done.push_back(asio::co_spawn(pool, refresh(store, "chain " + std::to_string(i), times), asio::use_future));
        for (auto& d : done) d.get();
    }
    out.add({"stores", name + ", a refresh, 64 chains at once", "us", all.ns() / 1000 / (chains * times),
             "a page written and synced", page_us});

    // Another process, as far as the store can tell.
    const auto other = open();
    std::mutex mutex;
    std::condition_variable came;
    unsigned heard = 0;
    const auto watching = other->watch([&](const std::string&) {
        const std::lock_guard lock(mutex);
        ++heard;
        came.notify_one();
    });
    ask(pool, *other, "one", store_command());
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    std::vector<double> adoption;
    for (int i = 0; i < 300; ++i) {
        const afresh::chain_record before = ask(pool, *store, "one", store_command()).record;
        {
            const std::lock_guard lock(mutex);
            heard = 0;
        }
        ask(pool, *store, "one", save(before));
        const stopwatch w;
        for (;;) {
            std::unique_lock lock(mutex);
            came.wait_for(lock, std::chrono::seconds(6), [&] { return heard > 0; });
            heard = 0;
            lock.unlock();
            if (ask(pool, *other, "one", store_command()).record.generation > before.generation) break;
        }
        adoption.push_back(w.ns() / 1000);
    }
    out.add({"stores", name + ", from a commit to the others, median", "us", median(adoption)});
    out.add({"stores", name + ", from a commit to the others, p99", "us", adoption[adoption.size() * 99 / 100]});
}

double synced_page(const std::string& directory)
{
    const int fd = ::open((directory + "/page").c_str(), O_CREAT | O_RDWR, 0600);
    const std::array<char, 4096> page{};
    std::vector<double> all;
    for (int i = 0; i < 300; ++i) {
        const stopwatch w;
        if (::pwrite(fd, page.data(), page.size(), 4096 * i) < 0 || ::fdatasync(fd) != 0)
            throw std::runtime_error("fdatasync");
        all.push_back(w.ns() / 1000);
    }
    ::close(fd);
    return median(all);
}

} // namespace

void stores(report& out)
{
    const directory here;
    const double page_us = synced_page(here.path);
    const opener sqlite = [&] { return afresh::make_sqlite_token_store({.path = here.path + "/store"}); };
    measure(out, "SQLite", sqlite, page_us);
#ifdef BENCH_POSTGRES
    const afresh::test::postgres_server server("fsync = on");
    asio::thread_pool connections(1);
    const opener postgres = [&] {
        return afresh::make_postgres_token_store(connections.get_executor(), {.conninfo = server.conninfo()});
    };
    measure(out, "PostgreSQL", postgres, page_us);
    connections.join();
#endif
}

} // namespace bench
