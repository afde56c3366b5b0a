// The demo is only worth something if its server is strict.
#include "cli/demo/token_ledger.hpp"

#include "cli/demo/server_text.hpp"

#include <boost/test/unit_test.hpp>

using namespace afresh::cli;
using namespace std::chrono_literals;

namespace {

constexpr token_ledger::time_point start{};

token_ledger numbered()
{
    return token_ledger(10s, [n = 0]() mutable { return "name" + std::to_string(n++); });
}

} // namespace

BOOST_AUTO_TEST_CASE(an_unknown_refresh_token_is_refused_and_is_no_reuse)
{
    auto ledger = numbered();
    BOOST_TEST(!ledger.exchange("never issued", start).ok);
    BOOST_TEST(ledger.statistics().refused == 1u);
    BOOST_TEST(ledger.statistics().reuse_events == 0u);
    BOOST_TEST(ledger.exchange(ledger.current_refresh_token(), start).ok);
}

BOOST_AUTO_TEST_CASE(a_spent_refresh_token_kills_the_family_with_its_access_tokens)
{
    auto ledger = numbered();
    const std::string first = ledger.current_refresh_token();
    const auto tokens = ledger.exchange(first, start);
    BOOST_TEST(!ledger.exchange(first, start).ok);
    BOOST_TEST(ledger.statistics().reuse_events == 1u);
    BOOST_TEST(!ledger.accepts(tokens.access_token, start));
    BOOST_TEST(!ledger.exchange(tokens.refresh_token, start).ok);
}

BOOST_AUTO_TEST_CASE(every_exchange_rotates_the_refresh_token)
{
    auto ledger = numbered();
    const std::string first = ledger.current_refresh_token();
    const auto one = ledger.exchange(first, start);
    const auto two = ledger.exchange(one.refresh_token, start);
    BOOST_TEST(two.ok);
    BOOST_TEST(one.refresh_token != first);
    BOOST_TEST(two.refresh_token != one.refresh_token);
    BOOST_TEST(ledger.current_refresh_token() == two.refresh_token);
    BOOST_TEST(ledger.statistics().rotations == 2u);
}

BOOST_AUTO_TEST_CASE(an_access_token_ends_with_its_lifetime_or_a_revocation)
{
    auto ledger = numbered();
    const auto one = ledger.exchange(ledger.current_refresh_token(), start);
    const auto two = ledger.exchange(one.refresh_token, start + 5s);
    BOOST_TEST(ledger.accepts(one.access_token, start + 9s));
    BOOST_TEST(!ledger.accepts(one.access_token, start + 10s));
    BOOST_TEST(ledger.accepts(two.access_token, start + 10s));
    ledger.revoke(two.access_token);
    BOOST_TEST(!ledger.accepts(two.access_token, start + 10s));
    BOOST_TEST(!ledger.accepts("", start));
    BOOST_TEST(ledger.exchange(two.refresh_token, start + 10s).ok);
}

BOOST_AUTO_TEST_CASE(base64_is_as_in_rfc4648_section_10)
{
    const char* const vectors[][2] = {{"", ""},
                                      {"f", "Zg=="},
                                      {"fo", "Zm8="},
                                      {"foo", "Zm9v"},
                                      {"foob", "Zm9vYg=="},
                                      {"fooba", "Zm9vYmE="},
                                      {"foobar", "Zm9vYmFy"}};
    for (const auto& [plain, encoded] : vectors) BOOST_TEST(base64(plain) == encoded);
}

BOOST_AUTO_TEST_CASE(a_form_value_is_found_by_its_whole_name)
{
    BOOST_TEST(form_value("", "a") == "");
    BOOST_TEST(form_value("a", "a") == "");
    BOOST_TEST(form_value("xa=1&a=2", "a") == "2");
    BOOST_TEST(form_value("a=1&b=", "b") == "");
    BOOST_TEST(form_value("b=1&&a=x", "a") == "x");
}

BOOST_AUTO_TEST_CASE(names_do_not_repeat)
{
    BOOST_TEST(random_name().size() == 32u);
    BOOST_TEST(random_name() != random_name());
}
