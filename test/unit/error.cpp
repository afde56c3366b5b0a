#include <afresh/error.hpp>

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

using namespace afresh;

namespace {

constexpr int last_errc = static_cast<int>(errc::sign_in_lost);
constexpr condition conditions[] = {condition::sign_in, condition::retry_later, condition::misconfigured};

int conditions_of(error_code ec)
{
    int count = 0;
    for (const condition c : conditions) count += ec == c;
    return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_first_error_is_not_success)
{
    BOOST_TEST(error_code(errc::sign_in_required).failed());
    BOOST_TEST(error_code(errc::sign_in_required).value() == 1);
    BOOST_TEST(!error_code().failed());
    for (const condition c : conditions) BOOST_TEST((error_code() != c));
}

BOOST_AUTO_TEST_CASE(a_number_that_is_no_error_has_a_message_and_no_condition)
{
    for (const int value : {0, -1, last_errc + 1, 1000}) {
        const error_code ec(value, error_category());
        BOOST_TEST(ec.message() == "Unknown afresh error");
        BOOST_TEST(conditions_of(ec) == 0);
    }
}

BOOST_AUTO_TEST_CASE(every_error_has_a_message_of_its_own)
{
    std::set<std::string> seen;
    for (int value = 1; value <= last_errc; ++value) {
        const std::string text = error_code(value, error_category()).message();
        BOOST_TEST(text != "Unknown afresh error", "value " << value);
        BOOST_TEST(seen.insert(text).second, "said twice: " << text);
    }
}

// What the caller has closed, asked for or given is the caller's to know.
BOOST_AUTO_TEST_CASE(every_error_but_the_callers_own_answers_exactly_one_question)
{
    for (int value = 1; value <= last_errc; ++value) {
        const auto e = static_cast<errc>(value);
        const int expected =
            e == errc::closed || e == errc::bad_status || e == errc::body_failed || e == errc::revocation_failed ? 0
                                                                                                                 : 1;
        BOOST_TEST(conditions_of(error_code(value, error_category())) == expected, "value " << value);
    }
}

BOOST_AUTO_TEST_CASE(callers_branch_on_conditions)
{
    BOOST_TEST((error_code(errc::sign_in_required) == condition::sign_in));
    BOOST_TEST((error_code(errc::rotation_in_doubt) == condition::sign_in));
    BOOST_TEST((error_code(errc::not_renewable) == condition::sign_in));
    BOOST_TEST((error_code(errc::temporarily_unavailable) == condition::retry_later));
    BOOST_TEST((error_code(errc::connect_failed) == condition::retry_later));
    BOOST_TEST((error_code(errc::misconfigured) == condition::misconfigured));
    BOOST_TEST((error_code(errc::insecure_url) == condition::misconfigured));
    BOOST_TEST((error_code(errc::temporarily_unavailable) != condition::sign_in));
}

BOOST_AUTO_TEST_CASE(numbers_of_other_categories_are_not_taken_for_ours)
{
    const error_code foreign(1, boost::system::generic_category());
    BOOST_TEST((foreign != errc::sign_in_required));
    BOOST_TEST((foreign != condition::sign_in));
    BOOST_TEST((error_category() != condition_category()));
}

BOOST_AUTO_TEST_CASE(the_categories_and_conditions_have_names)
{
    using namespace std::literals;
    BOOST_TEST(error_category().name() == "afresh"sv);
    BOOST_TEST(condition_category().name() == "afresh.condition"sv);
    std::set<std::string> seen;
    for (const condition c : conditions) BOOST_TEST(seen.insert(make_error_condition(c).message()).second);
    BOOST_TEST(condition_category().message(99) == "Unknown afresh condition");
}
