#include <afresh/secret_string.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <new>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

using afresh::secret_string;
using namespace std::literals;

namespace {

// A block of memory to look at in the moment it is freed.
const char* watched = nullptr;
std::size_t watched_size = 0;
int freed_clean = 0;
int freed_dirty = 0;

void watch(const secret_string& s)
{
    watched = s.reveal().data();
    watched_size = s.size();
    freed_clean = freed_dirty = 0;
}

void look(const void* block)
{
    if (!block || block != watched) return;
    const std::string_view bytes(watched, watched_size);
    ++(bytes.find_first_not_of('\0') == bytes.npos ? freed_clean : freed_dirty);
    watched = nullptr;
}

template <class T>
concept streamable = requires(std::ostream& out, const T& value)
{
    out << value;
};

} // namespace

void* operator new[](std::size_t size)
{
    if (void* block = std::malloc(size)) return block;
    throw std::bad_alloc();
}
void operator delete[](void* block) noexcept
{
    look(block);
    std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept
{
    look(block);
    std::free(block);
}

BOOST_AUTO_TEST_CASE(a_secret_cannot_be_streamed_or_turned_into_text_by_accident)
{
    static_assert(streamable<std::string>);
    static_assert(!streamable<secret_string>);
    static_assert(!std::is_convertible_v<secret_string, std::string_view>);
    static_assert(!std::is_convertible_v<secret_string, std::string>);
    static_assert(!std::is_convertible_v<secret_string, bool>);
    static_assert(std::is_nothrow_move_constructible_v<secret_string>);
    static_assert(std::is_nothrow_move_assignable_v<secret_string>);
}

BOOST_AUTO_TEST_CASE(memory_is_overwritten_before_it_is_freed_on_destruction)
{
    {
        const secret_string s("short"); // short enough for any small-string buffer
        watch(s);
    }
    BOOST_TEST(freed_clean == 1);
    BOOST_TEST(freed_dirty == 0);
}

BOOST_AUTO_TEST_CASE(memory_is_overwritten_before_it_is_freed_on_assignment_and_wipe)
{
    secret_string s("the old secret, long enough for any small-string buffer");
    watch(s);
    s = secret_string("new");
    BOOST_TEST(freed_clean == 1);
    watch(s);
    const secret_string copy("other");
    s = copy;
    BOOST_TEST(freed_clean == 1);
    watch(s);
    s.wipe();
    BOOST_TEST(freed_clean == 1);
    BOOST_TEST(freed_dirty == 0);
    BOOST_TEST(s.empty());
    s.wipe();
    BOOST_TEST(s.size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_moved_from_secret_is_empty_and_nothing_was_copied)
{
    secret_string from("secret");
    const char* text = from.reveal().data();
    secret_string to(std::move(from));
    BOOST_TEST(from.empty());
    BOOST_TEST(from.reveal() == "");
    BOOST_TEST((to.reveal().data() == text));
    secret_string third;
    third = std::move(to);
    BOOST_TEST(to.empty());
    BOOST_TEST(third.reveal() == "secret");
}

BOOST_AUTO_TEST_CASE(assigning_a_secret_to_itself_keeps_it)
{
    secret_string s("secret");
    secret_string& same = s;
    s = same;
    BOOST_TEST(s.reveal() == "secret");
    s = std::move(same);
    BOOST_TEST(s.reveal() == "secret");
}

BOOST_AUTO_TEST_CASE(secrets_compare_by_every_byte)
{
    BOOST_TEST((secret_string("abc") != secret_string("abd")));
    BOOST_TEST((secret_string("abc") != secret_string("bbc")));
    BOOST_TEST((secret_string("abc") != secret_string("ab")));
    BOOST_TEST((secret_string("") != secret_string("a")));
    BOOST_TEST((secret_string("a\0b"sv) != secret_string("a\0c"sv)));
    BOOST_TEST((secret_string("abc") == secret_string("abc"s)));
    BOOST_TEST((secret_string("") == secret_string()));
}

BOOST_AUTO_TEST_CASE(a_copy_is_a_copy)
{
    secret_string a("secret");
    const secret_string b(a);
    BOOST_TEST((a.reveal().data() != b.reveal().data()));
    a.wipe();
    BOOST_TEST(b.reveal() == "secret");
}

BOOST_AUTO_TEST_CASE(wiping_a_string_clears_all_it_has_room_for)
{
    std::string text = "a secret that is longer than the small-string buffer";
    text.resize(4); // what was cut off is still there
    const char* memory = text.data();
    const std::size_t room = text.capacity();
    afresh::wipe(text);
    BOOST_TEST(text.empty());
    BOOST_TEST((text.data() == memory));
    BOOST_TEST((std::string_view(memory, room).find_first_not_of('\0') == std::string_view::npos));

    std::string small = "tiny";
    afresh::wipe(small);
    BOOST_TEST(small.empty());
    BOOST_TEST((std::string_view(small.data(), 4).find_first_not_of('\0') == std::string_view::npos));
}
