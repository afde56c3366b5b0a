// A store that fails says so, never shows an empty record for a damaged one, and goes on when the cause is gone (FAULTS
// A4, A5, A11, A12).

#include "store/sqlite_handle.hpp"
#include "support/child_process.hpp"
#include "support/print_errc.hpp"
#include "support/store_client.hpp"
#include "support/temp_directory.hpp"

#include <afresh/sqlite_token_store.hpp>

#include <boost/system/system_error.hpp>
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <sys/resource.h>

using namespace afresh;
using namespace afresh::test;

namespace {

std::shared_ptr<token_store> open_store(const std::string& path, milliseconds busy_timeout = seconds(5))
{
    sqlite_store_options options;
    options.path = path;
    options.busy_timeout = busy_timeout;
    return make_sqlite_token_store(options);
}

std::string refusal(const std::string& path)
{
    try {
        open_store(path);
        return {};
    } catch (const boost::system::system_error& e) {
        BOOST_TEST((e.code() == errc::store_failed));
        return e.what();
    }
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

void write_file(const std::string& path, const std::string& text)
{
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
}

// What somebody else does to the database.
void tamper(const std::string& path, const char* sql) { store::sqlite_handle(path, seconds(1)).run(sql); }

// No file of this process grows beyond `bytes`.
struct file_size_limit {
    explicit file_size_limit(rlim_t bytes)
    {
        ::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before);
        const rlimit less{bytes, before.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &less);
    }
    ~file_size_limit()
    {
        ::setrlimit(RLIMIT_FSIZE, &before);
        ::signal(SIGXFSZ, SIG_DFL);
    }
    rlimit before{};
};

} // namespace

BOOST_AUTO_TEST_SUITE(sqlite_store_faults)

BOOST_AUTO_TEST_CASE(a_file_that_is_no_store_is_refused_and_left_as_it_is)
{
    const temp_directory d;
    write_file(d / "text", std::string(5000, 'x'));
    BOOST_TEST(has(refusal(d / "text"), "damaged"));
    BOOST_TEST(std::filesystem::file_size(d / "text") == 5000u);
    write_file(d / "other", "");
    tamper(d / "other", "CREATE TABLE t(x)");
    BOOST_TEST(has(refusal(d / "other"), "is not an Afresh token store"));
}

BOOST_AUTO_TEST_CASE(a_store_that_was_truncated_to_nothing_is_not_taken_for_a_new_one)
{
    const temp_directory d;
    store_client(open_store(d / "store")).begin();
    write_file(d / "store", "");
    BOOST_TEST(has(refusal(d / "store"), "truncated"));
}

BOOST_AUTO_TEST_CASE(a_store_of_another_version_is_refused)
{
    const temp_directory d;
    open_store(d / "store");
    tamper(d / "store", "PRAGMA user_version = 4");
    BOOST_TEST(has(refusal(d / "store"), "another version"));
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_a_failure_and_not_an_empty_one)
{
    for (const char* damage : {"UPDATE chain SET record = '{}'", "UPDATE chain SET record = ''",
                               "UPDATE chain SET generation = generation - 1", "UPDATE chain SET generation = 99",
                               "UPDATE chain SET record = replace(record, 'r1', 'r2')"}) {
        BOOST_TEST_CONTEXT(damage)
        {
            const temp_directory d;
            const auto store = open_store(d / "store");
            store_client c(store);
            store_client other(store, "other");
            c.begin("r1");
            tamper(d / "store", damage);
            for (const store_command& command : {store_command(), take("a"), save(0, 1, "r1", "r2", "a2")}) {
                const store_reply reply = c.ask(command);
                BOOST_TEST(reply.outcome == status::failed);
                BOOST_TEST((reply.error == errc::store_failed));
                BOOST_TEST(has(reply.error_text, "damaged"));
                BOOST_TEST(!has(reply.error_text, "r1"));
            }
            BOOST_TEST(other.does(take("a")) == status::ok); // one bad row is not the end of the others
        }
    }
}

BOOST_AUTO_TEST_CASE(damaged_pages_are_a_failure_and_not_an_empty_record)
{
    const temp_directory d;
    {
        const auto store = open_store(d / "store");
        for (int i = 0; i < 20; ++i) store_client(store, "key" + std::to_string(i)).begin(std::string(3000, 'r'));
    }
    const auto damage_from = [&](unsigned page) {
        const auto size = std::filesystem::file_size(d / "store");
        std::fstream file(d / "store", std::ios::binary | std::ios::in | std::ios::out);
        for (std::uintmax_t at = page * 4096; at < size; at += 4096) {
            file.seekp(static_cast<std::streamoff>(at));
            file << std::string(4096, '\x5a');
        }
    };
    damage_from(5);
    const auto store = open_store(d / "store"); // what it looks at first is whole, so that it opens
    const store_reply reply = store_client(store, "key7").ask(store_command());
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(has(reply.error_text, "malformed"));
    BOOST_TEST(has(reply.error_text, "restore it from a backup"));
    damage_from(1);
    BOOST_TEST(has(refusal(d / "store"), "restore it from a backup"));
}

namespace {

void damage_file(const std::string& path)
{
    const auto size = std::filesystem::file_size(path);
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    for (std::uintmax_t at = 0; at < size; at += 4096) {
        file.seekp(static_cast<std::streamoff>(at));
        file << std::string(4096, '\x5a');
    }
}

std::vector<std::string> files_in(const temp_directory& d, const std::string& part)
{
    std::vector<std::string> all;
    for (const auto& e : std::filesystem::directory_iterator(d / ""))
        if (has(e.path().filename().string(), part)) all.push_back(e.path().string());
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(A4_a_file_that_is_damaged_while_it_is_open_is_set_aside_where_that_is_wanted)
{
    const temp_directory d;
    sqlite_store_options options{.path = d / "store"};
    options.set_aside_damaged = true;
    const auto store = make_sqlite_token_store(options), peer = make_sqlite_token_store(options);
    store_client c(store), other(peer);
    c.begin("r1");
    tamper(d / "store", "PRAGMA wal_checkpoint(TRUNCATE)");
    damage_file(d / "store");
    // Nobody gets a lease at first: a request of before the damage may be under way.
    const store_reply early = c.ask(take("a"));
    BOOST_TEST(early.outcome == status::busy, early.error_text);
    BOOST_TEST(files_in(d, "store.damaged-").size() >= 1u);
    // Another process, which had the old file open, finds the new one, and puts back what it knows.
    BOOST_TEST(other.does(save(0, 1, "r0", "r1", "a1")) == status::ok);
    BOOST_TEST(c.record().refresh_token.reveal() == "r1");
    BOOST_TEST(c.record().generation == 2u);
    BOOST_TEST(c.does(take("a")) == status::ok);
    const auto aside = files_in(d, "store.damaged-");
    BOOST_TEST(std::count_if(aside.begin(), aside.end(),
                             [](const std::string& f) { return !f.ends_with("-wal") && !f.ends_with("-shm"); }) == 1);
    // And so does one that starts now.
    BOOST_TEST(store_client(make_sqlite_token_store(options)).record().refresh_token.reveal() == "r1");
}

BOOST_AUTO_TEST_CASE(A4_otherwise_it_stays_where_it_is)
{
    const temp_directory d;
    const auto store = open_store(d / "store");
    store_client c(store);
    c.begin("r1");
    tamper(d / "store", "PRAGMA wal_checkpoint(TRUNCATE)");
    damage_file(d / "store");
    for (int i = 0; i < 2; ++i) {
        const store_reply reply = c.ask(take("a"));
        BOOST_TEST(reply.outcome == status::failed);
        BOOST_TEST(has(reply.error_text, "restore it from a backup"), reply.error_text);
    }
    BOOST_TEST(files_in(d, "damaged").empty());
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_a_failure_that_passes_and_loses_nothing)
{
    const temp_directory d;
    const auto store = open_store(d / "store");
    store_client c(store);
    c.begin();
    const std::uint64_t fence = c.lease();
    c.does(intend(fence, 1, "r1"));
    const store_command answer = save(fence, 1, "r1", "r2-" + std::string(100'000, 'x'), "a2");
    {
        const file_size_limit full(std::filesystem::file_size(d / "store-wal") + 4096);
        for (int i = 0; i < 3; ++i) {
            const store_reply reply = c.ask(answer);
            BOOST_TEST(reply.outcome == status::failed);
            BOOST_TEST((reply.error == errc::store_failed));
            BOOST_TEST(has(reply.error_text, "disk"));
            BOOST_TEST(!has(reply.error_text, "r2-"));
        }
        BOOST_TEST(c.record().refresh_token.reveal() == "r1"); // reading goes on
    }
    BOOST_TEST(c.does(answer) == status::ok);
    BOOST_TEST(c.record().generation == 2u);
}

BOOST_AUTO_TEST_CASE(a_write_lock_held_elsewhere_is_a_failure_that_passes_and_readers_do_not_wait)
{
    const temp_directory d;
    const auto store = open_store(d / "store", milliseconds(50));
    store_client c(store);
    c.begin();
    {
        store::sqlite_handle other(d / "store", seconds(1));
        const store::write_transaction lock(other);
        const store_reply reply = c.ask(take("a"));
        BOOST_TEST(reply.outcome == status::failed);
        BOOST_TEST(has(reply.error_text, "locked"));
        BOOST_TEST(has(reply.error_text, "busy_timeout"));
        BOOST_TEST(c.record().generation == 1u);
    }
    BOOST_TEST(c.does(take("a")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_removed_or_exchanged_under_the_store_takes_no_more_writes)
{
    const temp_directory d;
    const auto store = open_store(d / "store");
    store_client c(store);
    c.begin();
    std::filesystem::rename(d / "store", d / "away");
    const store_reply reply = c.ask(save(0, 1, "r1", "r2", "a2"));
    BOOST_TEST(reply.outcome == status::failed);
    BOOST_TEST(has(reply.error_text, "moved or deleted"));
    write_file(d / "store", "another file");
    BOOST_TEST(c.does(take("a")) == status::failed);
    std::filesystem::rename(d / "away", d / "store");
    BOOST_TEST(c.does(save(0, 1, "r1", "r2", "a2")) == status::ok);
}

BOOST_AUTO_TEST_CASE(a_store_is_refused_after_fork_and_the_parents_goes_on)
{
    const temp_directory d;
    auto store = open_store(d / "store");
    store_client(store).begin();
    child_process child([&](int out) {
        const store_reply reply = store_client(store).ask(take("child"));
        tell(out, reply.outcome == status::failed && reply.error_text.find("fork") != std::string::npos);
        store.reset(); // must neither wait for a thread that is not there nor touch the database
        tell(out, open_store(d / "store") != nullptr);
        return 0;
    });
    bool refused = false;
    bool reopened = false;
    BOOST_TEST(child.read(refused));
    BOOST_TEST(child.read(reopened));
    BOOST_TEST(refused);
    BOOST_TEST(reopened);
    BOOST_TEST(child.wait() == 0);
    BOOST_TEST(store_client(store).does(take("parent")) == status::ok);
}

BOOST_AUTO_TEST_SUITE_END()
