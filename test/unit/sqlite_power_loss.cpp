// A power failure: of each file only what was synced is left. What the store has acknowledged is in it (FAULTS A3).
//
// fsync() and fdatasync() of this program, which SQLite calls too, keep a copy of the file as it is then.

#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/test/unit_test.hpp>

#include <dlfcn.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

using namespace afresh;
using namespace afresh::test;

namespace {

// Where copies go, and what they are copies of.
struct disk {
    std::mutex mutex;
    std::string watched; // a directory; empty: none
    std::string platter;
    unsigned syncs = 0;

    void sync(int fd)
    {
        std::lock_guard lock(mutex);
        if (watched.empty()) return;
        std::error_code ec;
        const auto file = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ec);
        if (ec || file.parent_path() != watched || !std::filesystem::is_regular_file(file, ec)) return;
        ++syncs;
        // The file is made under another name, and synced before it gets its own.
        std::string name = file.filename();
        const std::string_view made = "store.new-";
        if (name.starts_with(made) && name.find_first_not_of("0123456789", made.size()) == std::string::npos)
            name = "store";
        std::filesystem::copy_file(file, platter + '/' + name, std::filesystem::copy_options::overwrite_existing);
    }
};

disk& the_disk()
{
    static disk d;
    return d;
}

int real_sync(const char* name, int fd)
{
    using function = int (*)(int);
    const int done = reinterpret_cast<function>(::dlsym(RTLD_NEXT, name))(fd);
    if (done == 0) the_disk().sync(fd);
    return done;
}

std::shared_ptr<token_store> open_store(const std::string& path)
{
    sqlite_store_options options;
    options.path = path;
    return make_sqlite_token_store(options);
}

struct watching {
    watching()
    {
        the_disk().watched = directory.path();
        the_disk().platter = platter.path();
    }
    ~watching()
    {
        std::lock_guard lock(the_disk().mutex);
        the_disk().watched.clear();
    }
    // What a machine would find that lost its power now.
    chain_record after_power_failure()
    {
        const temp_directory found;
        {
            std::lock_guard lock(the_disk().mutex);
            for (const char* name : {"store", "store-wal"})
                if (std::filesystem::exists(platter / name)) std::filesystem::copy_file(platter / name, found / name);
        }
        return store_client(open_store(found / "store")).record();
    }
    const temp_directory directory;
    const temp_directory platter;
};

std::string nth(int n) { return "r" + std::to_string(n); }

} // namespace

extern "C" int fsync(int fd) { return real_sync("fsync", fd); }
extern "C" int fdatasync(int fd) { return real_sync("fdatasync", fd); }

BOOST_AUTO_TEST_SUITE(sqlite_power_loss)

BOOST_FIXTURE_TEST_CASE(what_was_acknowledged_survives_at_every_step_of_fifty_rotations, watching)
{
    store_client c(open_store(directory / "store"));
    c.begin(nth(1));
    for (int generation = 1; generation <= 50; ++generation) {
        const std::uint64_t fence = c.lease();
        BOOST_TEST(c.does(intend(fence, generation, nth(generation))) == status::ok);
        const chain_record before = after_power_failure();
        BOOST_TEST(before.intent.rt_hash == "#" + nth(generation)); // durable before the first byte is sent
        BOOST_TEST(c.does(save(fence, generation, nth(generation), nth(generation + 1), "a")) == status::ok);
        const chain_record after = after_power_failure();
        BOOST_TEST(after.generation == static_cast<std::uint64_t>(generation) + 1);
        BOOST_TEST(after.refresh_token.reveal() == nth(generation + 1));
        BOOST_TEST(after.intent.rt_hash.empty());
    }
    BOOST_TEST(the_disk().syncs >= 100u); // this test does see them
}

BOOST_FIXTURE_TEST_CASE(a_large_log_is_moved_into_the_file_without_a_moment_of_doubt, watching)
{
    const auto store = open_store(directory / "store");
    store_client c(store);
    c.begin(nth(1));
    std::string sent = nth(1);
    for (int generation = 1; generation <= 300; ++generation) { // a checkpoint comes after each thousand pages
        const std::string received(20'000, static_cast<char>('a' + generation % 26));
        BOOST_REQUIRE(c.does(save(0, generation, sent, received, "a")) == status::ok);
        if (generation % 10 == 0) BOOST_TEST(after_power_failure().refresh_token.reveal() == received);
        sent = received;
    }
    BOOST_TEST(std::filesystem::exists(platter / "store")); // a checkpoint has synced it under this name
}

BOOST_AUTO_TEST_SUITE_END()
