// Each flow is abandoned after each of its steps, and cancelled at each: nothing leaks, nothing is used after it is gone, and no
// code is sent twice.

#include "core/authorization_request.hpp"
#include "support/fake_provider.hpp"
#include "support/run.hpp"
#include "support/steps.hpp"

#include <afresh/browser_sign_in.hpp>
#include <afresh/device_sign_in.hpp>
#include <afresh/introspection.hpp>
#include <afresh/sign_in.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <functional>

using namespace afresh;
using namespace std::chrono_literals;

namespace {

struct world {
    std::shared_ptr<test::fake_provider> server = std::make_shared<test::fake_provider>();
    provider op{server->issuer, test::options_for(server)};
    client_registration client = client_registration(server->issuer + "/token", "client")
                                     .issuer(server->issuer)
                                     .private_key_jwt(signing_key::generate());
    sign_in_options options;

    world()
    {
        options.redirect_uri = "https://app.example.com/callback";
        options.push_request = true;
        server->answer("/pushed_authorization_request", 201, R"({"request_uri":"urn:x:1","expires_in":60})");
        server->answer(
            "/device", 200,
            R"({"device_code":"d","user_code":"u","verification_uri":"https://server.example.com/d","expires_in":60,"interval":1})");
        server->answer("/introspect", 200, R"({"active":true})");
        server->answers[server->issuer + "/token"] = [this] {
            return test::json_answer(200, R"({"access_token":"at","token_type":"Bearer","expires_in":60,"id_token":")" +
                                              server->id_token() + "\"}");
        };
        server->metadata["device_authorization_endpoint"] = server->issuer + "/device";
        server->metadata["introspection_endpoint"] = server->issuer + "/introspect";
    }
};

// What is tried: each begins one flow on the context.
using flow = std::function<void(world&, asio::io_context&, asio::cancellation_slot)>;

template <class T>
void spawn(asio::io_context& context, asio::cancellation_slot slot, asio::awaitable<T> a)
{
    asio::co_spawn(context, std::move(a),
                   asio::bind_cancellation_slot(slot, [](const std::exception_ptr&, const T&) {}));
}

std::vector<flow> flows()
{
    std::vector<flow> all;
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) { spawn(c, s, w.op.metadata()); });
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) {
        spawn(c, s, authorization_code(w.op, w.client, w.options).start());
    });
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) {
        const authorization_code code(w.op, w.client, w.options);
        asio::io_context first;
        const started_sign_in started = test::run(first, code.start());
        w.server->claims["nonce"] = core::read_kept(started.kept.reveal())->nonce;
        spawn(c, s, code.finish(started.kept, "code=c&state=" + started.state));
    });
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) {
        spawn(c, s, device_sign_in(w.op, w.client, w.options, [](const device_prompt&) {}).run());
    });
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) {
        browser_options browser;
        browser.open_browser = [](const std::string&) {};
        sign_in_options options = w.options;
        options.limit = 1s;
        spawn(c, s, browser_sign_in(w.op, w.client, options, browser).run());
    });
    all.push_back([](world& w, asio::io_context& c, asio::cancellation_slot s) {
        spawn(c, s, introspect(w.op, w.client, "token"));
    });
    return all;
}

void codes_were_sent_once(const world& w)
{
    const auto sent = w.server->asked.find(w.server->issuer + "/token");
    BOOST_TEST((sent == w.server->asked.end() || sent->second == 1));
}

// Each flow, begun and run for each number of steps; then `what` is done to it.
template <class What>
void after_each_step(What what)
{
    for (const flow& begin : flows())
        for (int steps = 0; steps < 40; ++steps) {
            world w;
            asio::cancellation_signal signal;
            asio::io_context context;
            begin(w, context, signal.slot());
            for (int i = 0; i < steps; ++i) context.poll_one();
            what(context, signal);
            codes_were_sent_once(w);
        }
}

} // namespace

BOOST_AUTO_TEST_CASE(abandoned_after_each_step)
{
    after_each_step([](asio::io_context&, asio::cancellation_signal&) {});
}

BOOST_AUTO_TEST_CASE(cancelled_after_each_step)
{
    after_each_step([](asio::io_context& context, asio::cancellation_signal& signal) {
        for (int i = 0; i < test::handlers_before_cancelling; ++i) context.poll_one();
        signal.emit(asio::cancellation_type::terminal);
        context.restart();
        context.run_for(3s);
        BOOST_TEST(context.stopped()); // nothing is left that waits
    });
}
