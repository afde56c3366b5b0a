// The store's files: ours alone, or refused (FAULTS B12, A11).

#include "support/print_errc.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace afresh;
using namespace afresh::test;

namespace {

std::shared_ptr<token_store> open_store(const std::string& path)
{
    sqlite_store_options options;
    options.path = path;
    return make_sqlite_token_store(options);
}

// Why the store at `path` is refused; empty if it is not.
std::string refusal(const std::string& path, errc expected = errc::store_failed)
{
    try {
        open_store(path);
        return {};
    } catch (const boost::system::system_error& e) {
        BOOST_TEST((e.code() == expected));
        return e.what();
    }
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

unsigned mode_of(const std::string& path)
{
    struct stat st {};
    BOOST_REQUIRE(::lstat(path.c_str(), &st) == 0);
    return st.st_mode & 07777;
}

struct umask_of {
    explicit umask_of(mode_t m) : before(::umask(m)) {}
    ~umask_of() { ::umask(before); }
    mode_t before;
};

// Permissions mean nothing to root.
struct without_root {
    without_root()
    {
        if (root && ::seteuid(65534) != 0) throw std::runtime_error("seteuid");
    }
    ~without_root()
    {
        if (root && ::seteuid(0) != 0) std::abort();
    }
    bool root = ::geteuid() == 0;
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_store_files)

BOOST_AUTO_TEST_CASE(a_path_that_names_no_file_is_refused)
{
    const temp_directory d;
    for (const std::string& path : {std::string(), d / "", d / ".", d / "..", d / std::string("a\0b", 3)})
        BOOST_TEST(has(refusal(path, errc::invalid_argument), "path"));
}

BOOST_AUTO_TEST_CASE(a_missing_directory_is_refused_and_not_made)
{
    const temp_directory d;
    BOOST_TEST(has(refusal(d / "missing/store"), "create the directory"));
    BOOST_TEST(::access((d / "missing").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(a_symbolic_link_is_refused_for_each_of_the_files)
{
    for (const char* suffix : {"", "-wal", "-shm", ".lock"}) {
        const temp_directory d;
        std::ofstream(d / "elsewhere") << "precious";
        ::chmod((d / "elsewhere").c_str(), 0600);
        if (*suffix) open_store(d / "store"); // the file itself is fine
        ::unlink((d / "store" + suffix).c_str());
        BOOST_REQUIRE(::symlink((d / "elsewhere").c_str(), (d / "store" + suffix).c_str()) == 0);
        BOOST_TEST_CONTEXT("store" << suffix) { BOOST_TEST(has(refusal(d / "store"), "symbolic link")); }
        std::string text;
        std::ifstream(d / "elsewhere") >> text;
        BOOST_TEST(text == "precious");
    }
}

BOOST_AUTO_TEST_CASE(a_dangling_link_is_refused_and_its_target_not_made)
{
    const temp_directory d;
    BOOST_REQUIRE(::symlink((d / "target").c_str(), (d / "store").c_str()) == 0);
    BOOST_TEST(has(refusal(d / "store"), "symbolic link"));
    BOOST_TEST(::access((d / "target").c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(what_others_may_read_or_write_is_refused_for_each_of_the_files)
{
    for (const char* suffix : {"", ".lock"}) {
        for (const mode_t mode : {0604, 0602, 0640, 0620, 0644, 0666}) {
            const temp_directory d;
            open_store(d / "store");
            ::chmod((d / "store" + suffix).c_str(), mode);
            BOOST_TEST(has(refusal(d / "store"), "chmod 600"));
            ::chmod((d / "store" + suffix).c_str(), 0600);
            BOOST_TEST(refusal(d / "store") == "");
        }
    }
    const temp_directory d;
    open_store(d / "store");
    std::ofstream(d / "store-wal") << "";
    ::chmod((d / "store-wal").c_str(), 0644);
    BOOST_TEST(has(refusal(d / "store"), "store-wal may be read"));
}

BOOST_AUTO_TEST_CASE(what_is_no_regular_file_is_refused)
{
    const temp_directory d;
    BOOST_REQUIRE(::mkdir((d / "store").c_str(), 0700) == 0);
    BOOST_TEST(has(refusal(d / "store"), "not a regular file"));
    BOOST_REQUIRE(::mkfifo((d / "fifo").c_str(), 0600) == 0);
    BOOST_TEST(has(refusal(d / "fifo"), "not a regular file")); // and does not wait for a writer
}

BOOST_AUTO_TEST_CASE(a_file_of_another_user_is_refused)
{
    if (::geteuid() != 0) return; // only root can give a file away
    const temp_directory d;
    open_store(d / "store");
    BOOST_REQUIRE(::chown((d / "store").c_str(), 65534, 65534) == 0);
    BOOST_TEST(has(refusal(d / "store"), "another user"));
}

BOOST_AUTO_TEST_CASE(a_directory_that_everybody_may_write_is_refused_unless_it_is_sticky)
{
    const temp_directory d;
    ::chmod(d.path().c_str(), 0777);
    BOOST_TEST(has(refusal(d / "store"), "everybody"));
    ::chmod(d.path().c_str(), 01777);
    BOOST_TEST(refusal(d / "store") == "");
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_written_is_refused)
{
    const temp_directory d;
    if (::geteuid() == 0) BOOST_REQUIRE(::chown(d.path().c_str(), 65534, 65534) == 0);
    const without_root user;
    ::chmod(d.path().c_str(), 0500);
    BOOST_TEST(has(refusal(d / "store"), "Permission denied"));
    ::chmod(d.path().c_str(), 0700);
    store_client(open_store(d / "store")).begin();
    ::chmod(d.path().c_str(), 0500); // an existing store needs its -wal and -shm beside it
    BOOST_TEST(has(refusal(d / "store"), "writable"));
    ::chmod(d.path().c_str(), 0700);
    BOOST_TEST(store_client(open_store(d / "store")).record().refresh_token.reveal() == "r1");
}

BOOST_AUTO_TEST_CASE(all_files_have_mode_0600_whatever_the_umask)
{
    for (const mode_t mask : {0, 077, 0777}) {
        const umask_of m(mask);
        const temp_directory d;
        const auto store = open_store(d / "store");
        store_client(store).begin();
        for (const char* suffix : {"", "-wal", "-shm", ".lock"}) BOOST_TEST(mode_of(d / "store" + suffix) == 0600u);
    }
}

BOOST_AUTO_TEST_CASE(nothing_but_the_store_and_its_lock_is_left_behind)
{
    const temp_directory d;
    store_client(open_store(d / "store")).begin();
    std::set<std::string> names;
    for (const auto& e : std::filesystem::directory_iterator(d.path())) names.insert(e.path().filename().string());
    BOOST_TEST((names == std::set<std::string>{"store", "store.lock"}));
}

BOOST_AUTO_TEST_CASE(a_link_in_the_directory_part_is_followed)
{
    const temp_directory d;
    BOOST_REQUIRE(::mkdir((d / "real").c_str(), 0700) == 0);
    BOOST_REQUIRE(::symlink((d / "real").c_str(), (d / "link").c_str()) == 0);
    store_client(open_store(d / "link/store")).begin();
    BOOST_TEST(store_client(open_store(d / "real/store")).record().generation == 1u);
}

BOOST_AUTO_TEST_CASE(a_restart_keeps_everything)
{
    const temp_directory d;
    chain_record before;
    {
        store_client c(open_store(d / "store"));
        c.begin();
        const std::uint64_t fence = c.lease();
        c.does(save(fence, 1, "r1", "r2", "a2"));
        c.does(take("b", seconds(60)));
        c.does(intend(fence + 1, 2, "r2"));
        before = c.record();
    }
    const chain_record after = store_client(open_store(d / "store")).record();
    BOOST_TEST((after == before));
    BOOST_TEST(after.intent.attempts == 1u);
}

BOOST_AUTO_TEST_CASE(after_a_sign_out_no_token_is_left_in_any_file)
{
    const temp_directory d;
    const auto store = open_store(d / "store");
    store_client c(store);
    const auto found = [&] {
        int n = 0;
        for (const char* suffix : {"", "-wal"}) {
            std::ifstream in(d / "store" + suffix, std::ios::binary);
            const std::string all((std::istreambuf_iterator<char>(in)), {});
            n += has(all, "refresh-token-sample") || has(all, "access-token-sample");
        }
        return n;
    };
    const std::uint64_t first = c.lease();
    store_command begun = replace(first, 0, "refresh-token-sample-1", "seed");
    begun.new_rt_hash = "seed"; // what stays in the tombstone is no token
    c.does(begun);
    c.does(release(first));
    c.does(save(0, 1, "seed", "refresh-token-sample-2", "access-token-sample"));
    BOOST_TEST(found() > 0);
    const std::uint64_t fence = c.lease();
    c.does(with_fence(kind::sign_out, fence, 2));
    BOOST_TEST(found() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
