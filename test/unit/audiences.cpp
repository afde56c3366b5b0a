// One refresh token, access tokens for several resources and scopes.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

const std::string mail = "https://mail.example.com", files = "https://files.example.com";

struct audiences : stage {
    audiences() { server->names_audiences = true; }

    // All at once, in this order; each one's token, or why there is none.
    std::vector<std::string> get(const std::vector<token_source>& sources)
    {
        std::vector<std::optional<std::string>> told(sources.size());
        for (std::size_t i = 0; i < sources.size(); ++i)
            sources[i].async_get([&told, i](error_code ec, access_token t) {
                told[i] = ec ? ec.message() : std::string(t.value().reveal());
            });
        const bool all = run_until([&] {
            for (const auto& t : told)
                if (!t) return false;
            return true;
        });
        BOOST_TEST(all);
        std::vector<std::string> texts;
        for (const auto& t : told) texts.push_back(t.value_or("nothing"));
        return texts;
    }
    static bool ends_with(const std::string& text, const std::string& end)
    {
        return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
    }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(one_chain, audiences)

BOOST_AUTO_TEST_CASE(each_audience_gets_its_own_token_and_exchanges_come_one_after_another)
{
    const token_source tokens = source();
    const token_source to_mail = tokens.for_resource(mail), to_files = tokens.for_resource(files);
    const token_source to_read = tokens.with_scope("read");
    for (int round = 0; round < 5; ++round) {
        const auto all = get({tokens, to_mail, to_files, to_read});
        BOOST_TEST(all[0].find("-for-") == std::string::npos);
        BOOST_TEST(ends_with(all[1], "mail.example.com"), all[1]);
        BOOST_TEST(ends_with(all[2], "files.example.com"), all[2]);
        BOOST_TEST(ends_with(all[3], "-with-read"), all[3]);
        time->pass(2h);
    }
    BOOST_TEST(server->seen().most_open == 1u);
    BOOST_TEST(server->seen().reuses == 0u);
    BOOST_TEST(server->requests() == 20u);
    BOOST_TEST(store->record().tokens.size() == 4u);
    BOOST_TEST(store->held() == server->current());
}

BOOST_AUTO_TEST_CASE(the_same_audience_shares_one_flight)
{
    const token_source tokens = source();
    const token_source one = tokens.for_resource(mail), two = tokens.for_resource(mail);
    const auto all = get({one, two, one, two});
    for (const std::string& t : all) BOOST_TEST(t == all[0]);
    BOOST_TEST(server->requests() == 1u);
}

BOOST_AUTO_TEST_CASE(a_renewal_for_one_audience_leaves_the_others_tokens_in_use)
{
    const token_source tokens = source();
    const token_source to_mail = tokens.for_resource(mail);
    const auto before = get({tokens, to_mail});
    std::optional<error_code> renewed;
    to_mail.async_renew_if_current(*to_mail.try_get(), mail, [&](error_code ec, access_token) { renewed = ec; });
    BOOST_TEST(run_until([&] { return renewed.has_value(); }));
    settle();
    const auto after = get({tokens, to_mail});
    BOOST_TEST(after[0] == before[0]);
    BOOST_TEST(after[1] != before[1]);
    BOOST_TEST(server->requests() == 3u);
}

BOOST_AUTO_TEST_CASE(a_token_that_a_resource_rejected_stays_rejected_when_another_audience_is_renewed)
{
    const token_source tokens = source();
    const token_source to_mail = tokens.for_resource(mail);
    get({tokens, to_mail});
    server->plan([](unsigned number) -> request_fate {
        if (number == 3) return {.end = request_fate::kind::refused};
        return {};
    });
    std::optional<error_code> told;
    to_mail.async_renew_if_current(*to_mail.try_get(), mail, [&](error_code ec, access_token) { told = ec; });
    BOOST_TEST(run_until([&] { return told.has_value(); }));
    BOOST_TEST(*told == errc::sign_in_required);
    BOOST_TEST(!to_mail.try_get());
    BOOST_TEST(tokens.try_get().has_value()); // its own is good while it lasts
}

BOOST_AUTO_TEST_CASE(new_tokens_set_at_one_are_the_others_refresh_token_too)
{
    token_source tokens = source();
    const token_source to_mail = tokens.for_resource(mail);
    get({tokens, to_mail});
    run([](token_source t) -> asio::awaitable<void> {
        token_set set;
        set.refresh_token("bob-0");
        co_await t.set_tokens(std::move(set));
    }(tokens));
    settle(); // the other audience is told
    const auto all = get({to_mail, tokens});
    BOOST_TEST(all[0].starts_with("bob-at-"), all[0]);
    BOOST_TEST(all[1].starts_with("bob-at-"), all[1]);
    BOOST_TEST(server->seen("bob").reuses == 0u);
}

BOOST_AUTO_TEST_CASE(a_restart_finds_each_audiences_token)
{
    {
        const token_source tokens = source();
        get({tokens, tokens.for_resource(mail)});
    }
    settle();
    const token_source tokens = source();
    const token_source to_mail = tokens.for_resource(mail);
    const auto all = get({to_mail, tokens});
    BOOST_TEST(ends_with(all[0], "mail.example.com"));
    BOOST_TEST(server->requests() == 2u);
}

BOOST_AUTO_TEST_CASE(an_audience_goes_to_its_own_origin_and_lives_as_long_as_its_handles)
{
    std::optional<token_source> tokens = source({.allowed_origins = {"https://api.example.com"}});
    const token_source to_mail = tokens->for_resource(mail);
    tokens.reset();
    BOOST_TEST(ends_with(get({to_mail})[0], "mail.example.com"));
    BOOST_CHECK_THROW(to_mail.for_resource("urn:somewhere"), boost::system::system_error);
    BOOST_CHECK_THROW(to_mail.for_resource("http://plain.example.com"), boost::system::system_error);
    to_mail.for_resource("urn:somewhere", {files});
}

BOOST_AUTO_TEST_SUITE_END()
