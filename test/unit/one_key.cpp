// Several handles of one key, made at different times by a program that may have learned something meanwhile.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

struct shared_service : stage {
    token_source handle(const std::string& refresh_token, source_options options = {}) const
    {
        options.key = "alice";
        return token_source(service, registration, grant::refresh_token(refresh_token), std::move(options));
    }
    template <class Make>
    std::string refusal(Make make)
    {
        try {
            make();
        } catch (const boost::system::system_error& e) {
            BOOST_TEST(e.code() == errc::invalid_argument);
            return e.what();
        }
        return {};
    }
    std::string get(const token_source& tokens)
    {
        std::string value;
        run([](token_source t, std::string& v) -> asio::awaitable<void> {
            v = (co_await t.get()).value().reveal();
        }(tokens, value));
        return value;
    }

    token_service service{context.get_executor(), parts()};
    std::shared_ptr<const client_registration> registration = std::make_shared<client_registration>(client());
};

} // namespace

BOOST_AUTO_TEST_SUITE(one_key)

BOOST_FIXTURE_TEST_CASE(handles_of_one_key_share_one_chain, shared_service)
{
    const token_source one = handle("alice-0"), two = handle("alice-0");
    BOOST_TEST(get(one) == get(two));
    BOOST_TEST(server->requests() == 1u);
    BOOST_TEST(store->commands() == 4u); // lease and seed, intent, success: nothing for the second
}

BOOST_FIXTURE_TEST_CASE(a_handle_that_brings_a_new_refresh_token_brings_a_new_sign_in, shared_service)
{
    server->plan([](unsigned number) -> request_fate {
        if (number == 1) return {.end = request_fate::kind::refused};
        return {};
    });
    const token_source old = handle("alice-0");
    BOOST_TEST((code_of([&] { get(old); }) == errc::sign_in_required));
    const token_source again = handle("bob-0"); // while somebody still holds the old one
    BOOST_TEST(run_until([&] { return old.status().state != source_state::refused; }));
    BOOST_TEST(get(again) == "bob-at-1");
    BOOST_TEST(get(old) == "bob-at-1");
    BOOST_TEST(store->held("alice") == "bob-1");
}

BOOST_FIXTURE_TEST_CASE(a_handle_that_brings_a_spent_refresh_token_changes_nothing, shared_service)
{
    const token_source first = handle("alice-0");
    BOOST_TEST(get(first) == "alice-at-1");
    const token_source second = handle("bob-0"); // a newer sign-in
    BOOST_TEST(run_until([&] { return store->held("alice") == "bob-0"; }));
    settle();
    BOOST_TEST(get(second) == "bob-at-1");
    const token_source stale = handle("alice-0"), known = handle("bob-0"); // from somebody's old configuration
    settle();
    BOOST_TEST(get(stale) == "bob-at-1");
    BOOST_TEST(get(known) == "bob-at-1");
    BOOST_TEST(store->held("alice") == "bob-1");
    BOOST_TEST(server->seen("alice").reuses + server->seen("bob").reuses == 0u);
}

BOOST_FIXTURE_TEST_CASE(an_offer_while_the_store_is_down_is_taken_when_it_is_back, shared_service)
{
    bool broken = false;
    store->plan([&](unsigned, const store_command&) {
        return store_fate{.end = broken ? store_fate::kind::fails : store_fate::kind::done};
    });
    const token_source first = handle("alice-0");
    BOOST_TEST(get(first) == "alice-at-1");
    broken = true;
    const token_source second = handle("bob-0");
    for (int i = 0; i < 50; ++i) step();
    BOOST_TEST(store->held("alice") == "alice-1");
    broken = false;
    BOOST_TEST(run_until([&] { return store->held("alice") == "bob-0"; }));
}

BOOST_FIXTURE_TEST_CASE(other_settings_under_the_same_key_are_refused_in_words, shared_service)
{
    const token_source first = handle("alice-0");
    const auto with = [&](const client_registration& r, grant g, source_options o) {
        o.key = "alice";
        const token_source other(service, std::make_shared<const client_registration>(r), std::move(g), std::move(o));
    };
    const grant same = grant::refresh_token("alice-0");
    BOOST_TEST(refusal([&] { with(client(), same, {}); }) == "");
    const client_registration other("https://as.example.com/token", "somebody else");
    BOOST_TEST(refusal([&] { with(other, same, {}); }).find("'alice' is in use with another client_registration") !=
               std::string::npos);
    BOOST_TEST(refusal([&] { with(client(), grant(same).scope("admin"), {}); }).find("scope") != std::string::npos);
    BOOST_TEST(refusal([&] { with(client(), grant(same).resource("https://b.example/"), {}); }).find("resource") !=
               std::string::npos);
    BOOST_TEST(refusal([&] {
                   with(client(), same, {.allowed_origins = {"https://b.example"}});
               }).find("allowed_origins") != std::string::npos);
    BOOST_TEST(get(first) == "alice-at-1"); // the refused ones closed nothing
}

BOOST_AUTO_TEST_SUITE_END()
