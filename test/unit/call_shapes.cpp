// Calls of coroutines as their users write them: temporaries, braces, defaults, chained setters, literals. g++ 12 frees
// some temporaries of awaited calls twice, which AddressSanitizer sees: each shape here is safe with it.

#include "support/print_errc.hpp"
#include "support/stage.hpp"

#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

using namespace afresh;
using namespace afresh::test;
using namespace std::chrono_literals;

namespace {

std::string text(const access_token& t) { return std::string(t.value().reveal()); }

} // namespace

BOOST_FIXTURE_TEST_SUITE(call_shapes, stage)

BOOST_AUTO_TEST_CASE(get_with_a_call_that_waits)
{
    const auto waits = [](token_source tokens, int shape) -> asio::awaitable<void> {
        access_token t;
        switch (shape) {
        case 0: t = co_await tokens.get(); break;
        case 1: t = co_await tokens.get({}); break;
        case 2: t = co_await tokens.get(get_options()); break;
        case 3: t = co_await tokens.get(get_options().max_wait(2s)); break;
        case 4: t = co_await tokens.get(get_options().max_wait(2s).min_valid(30s)); break;
        case 5: t = co_await tokens.renew_if_current({}); break;
        case 6: t = co_await tokens.renew_if_current(access_token(), "https://api.example.com"); break;
        case 7: t = co_await token_source(tokens).get(); break;
        }
        BOOST_TEST(text(t) == "alice-at-1");
    };
    for (int shape = 0; shape < 8; ++shape) {
        BOOST_TEST_CONTEXT("shape " << shape)
        {
            stage fresh;
            fresh.run(waits(fresh.source(), shape));
            BOOST_TEST(fresh.server->requests() == 1u);
        }
    }
}

BOOST_AUTO_TEST_CASE(get_with_a_call_that_does_not_wait)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        const auto first = co_await tokens.get();
        BOOST_TEST(text(co_await tokens.get()) == text(first));
        BOOST_TEST(text(co_await tokens.get({})) == text(first));
        BOOST_TEST(text(co_await tokens.get(get_options())) == text(first));
        BOOST_TEST(text(co_await tokens.get(get_options().max_wait(2s))) == text(first));
        BOOST_TEST(text(co_await tokens.get(get_options().min_valid(30s))) == text(first));
        BOOST_TEST((co_await tokens.get()).authorization() == "Bearer alice-at-1");
        BOOST_TEST((co_await tokens.get()).generation() == 2u);
        BOOST_TEST((text(co_await tokens.get()) + text(co_await tokens.get())) == text(first) + text(first));
        if ((co_await tokens.get(get_options().max_wait(1s))).expires_at() == std::nullopt) BOOST_ERROR("no expiry");
        for (const char c : text(co_await tokens.get())) BOOST_TEST(c != ' ');
    }(source()));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_AUTO_TEST_CASE(get_and_renew_in_a_coroutine_of_a_specific_executor)
{
    using executor = asio::io_context::executor_type;
    run<executor>([](token_source tokens) -> asio::awaitable<void, executor> {
        const access_token t = co_await tokens.get<executor>();
        BOOST_TEST(text(t) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.get<executor>(get_options().max_wait(2s))) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.get<executor>({})) == "alice-at-1");
        BOOST_TEST(text(co_await tokens.renew_if_current<executor>(t)) == "alice-at-2");
        BOOST_TEST(text(co_await tokens.renew_if_current<executor>(t, "https://api.example.com")) == "alice-at-2");
    }(source()));
}

BOOST_AUTO_TEST_CASE(renew_with_a_token_by_copy_by_move_and_from_a_nested_call)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        const access_token t = co_await tokens.get();
        BOOST_TEST(text(co_await tokens.renew_if_current(t)) == "alice-at-2");
        BOOST_TEST(text(co_await tokens.renew_if_current(t, "https://api.example.com")) == "alice-at-2");
        BOOST_TEST(text(co_await tokens.renew_if_current(t, std::string("https://") + "api.example.com")) ==
                   "alice-at-2");
        BOOST_TEST(text(co_await tokens.renew_if_current(co_await tokens.get(), "https://api.example.com")) ==
                   "alice-at-3");
        access_token gone = co_await tokens.get();
        BOOST_TEST(text(co_await tokens.renew_if_current(std::move(gone), {})) == "alice-at-4");
        const access_token last = co_await tokens.async_renew_if_current(co_await tokens.get(), "https://a.example");
        BOOST_TEST(text(last) == "alice-at-5");
    }(source()));
    BOOST_TEST(server->seen().reuses == 0u);
}

BOOST_AUTO_TEST_CASE(try_get_and_status_without_waiting)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        BOOST_TEST(tokens.try_get().error() == errc::temporarily_unavailable);
        (void)co_await tokens.get();
        BOOST_TEST(text(*tokens.try_get()) == "alice-at-1");
        BOOST_TEST(text(tokens.try_get({}).value()) == "alice-at-1");
        BOOST_TEST(text(*tokens.try_get(get_options().min_valid(30s))) == "alice-at-1");
        if (auto t = tokens.try_get())
            BOOST_TEST(t->type() == "Bearer");
        else
            BOOST_ERROR("no token");
        BOOST_TEST((tokens.status().state == source_state::fresh));
        BOOST_TEST(tokens.status().token_requests == 1u);
    }(source()));
}

BOOST_AUTO_TEST_CASE(set_tokens_with_a_chained_temporary_and_with_a_variable)
{
    run([](token_source tokens) -> asio::awaitable<void> {
        co_await tokens.set_tokens(token_set().access_token("given").expires_in(300s));
        BOOST_TEST(text(co_await tokens.get()) == "given");
        co_await tokens.set_tokens(token_set().access_token("a").refresh_token("bob-0").id_token("i").scope("s t"));
        BOOST_TEST((co_await tokens.get()).scope() == "s t");
        co_await tokens.async_set_tokens(token_set().refresh_token("carol-0"));
        BOOST_TEST(text(co_await tokens.get()) == "carol-at-1");
        token_set named = token_set().access_token("named");
        named.token_type("Bearer").expires_in(60s);
        co_await tokens.set_tokens(named);
        co_await tokens.set_tokens(std::move(named));
        BOOST_TEST(text(co_await tokens.get()) == "named");
        error_code ec;
        try {
            co_await tokens.set_tokens({});
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::invalid_argument);
    }(source()));
}

BOOST_AUTO_TEST_CASE(retry_grant_close_and_shutdown)
{
    server->plan([](unsigned number) -> request_fate {
        if (number == 1) return {.end = request_fate::kind::refused};
        return {};
    });
    run([](token_source tokens) -> asio::awaitable<void> {
        error_code ec;
        try {
            (void)co_await tokens.get(get_options().max_wait(2s));
        } catch (const boost::system::system_error& e) {
            ec = e.code();
        }
        BOOST_TEST(ec == errc::sign_in_required);
        BOOST_TEST((ec == condition::sign_in));
        tokens.retry_grant();
        BOOST_TEST(text(co_await tokens.get(get_options().max_wait(2s))) == "alice-at-1");
        co_await tokens.async_shutdown(2s);
        co_await tokens.async_shutdown(2s, asio::use_awaitable);
        tokens.close();
        BOOST_TEST((tokens.status().state == source_state::closed));
        BOOST_TEST(tokens.try_get().error() == errc::closed);
    }(source()));
}

BOOST_AUTO_TEST_CASE(sources_made_copied_and_moved_inside_a_coroutine)
{
    run([](service_options parts, asio::any_io_executor executor) -> asio::awaitable<void> {
        token_source one(executor, client_registration("https://as.example.com/token", "id").client_secret_post("s"),
                         grant::refresh_token("alice-0").scope("a b").resource("https://api.example.com/"),
                         {.key = "one", .allowed_origins = {"https://api.example.com"}, .service = parts});
        token_source copy = one;
        token_source moved = std::move(copy);
        copy = one;
        one = std::move(moved);
        BOOST_TEST(text(co_await one.get()) == "alice-at-1");
        BOOST_TEST(text(co_await copy.get()) == "alice-at-1");
        BOOST_TEST(copy.key() == "one");
        BOOST_TEST(copy.allows("https://api.example.com/me"));
        const std::vector<token_source> many(3, copy);
        BOOST_TEST(text(co_await many.back().get()) == "alice-at-1");
    }(parts(), context.get_executor()));
    BOOST_TEST(server->requests() == 1u);
}

BOOST_AUTO_TEST_CASE(two_sources_of_one_key_share_the_chain)
{
    token_service service(context.get_executor(), parts());
    const auto registration = std::make_shared<const client_registration>(client());
    run([](const token_service& service, std::shared_ptr<const client_registration> r) -> asio::awaitable<void> {
        token_source one(service, r, grant::refresh_token("alice-0"), {.key = "k"});
        token_source two(service, r, grant::refresh_token("alice-0"), {.key = "k"});
        token_source other(service, r, grant::client_credentials(), {.key = "other"});
        BOOST_TEST(text(co_await one.get()) == "alice-at-1");
        BOOST_TEST(text(co_await two.get()) == "alice-at-1");
        BOOST_TEST(text(co_await other.get()) == "client-at-1");
        one.close();
        token_source three(service, r, grant::refresh_token("alice-0"), {.key = "k"});
        BOOST_TEST(text(co_await three.get()) == "alice-at-1"); // from the store
    }(service, registration));
    BOOST_TEST(server->seen("alice").requests == 1u);
}

BOOST_AUTO_TEST_CASE(a_call_that_throws_leaves_nothing_behind)
{
    policy.max_wait = 1s;
    server->plan([](unsigned) { return request_fate{.end = request_fate::kind::not_reached}; });
    const auto call = [](token_source tokens) -> asio::awaitable<void> { (void)co_await tokens.get({}); };
    const error_code ec = code_of([&] { run(call(source())); });
    BOOST_TEST((ec == condition::retry_later));
}

BOOST_AUTO_TEST_SUITE_END()
