#include <afresh/device_sign_in.hpp>

#include "core/authorization_request.hpp"
#include "core/device_poll.hpp"
#include "core/strict_json.hpp"
#include "core/text.hpp"
#include "core/url.hpp"
#include "flow/code_flow.hpp"
#include "flow/fetch.hpp"
#include "flow/qr_code.hpp"
#include "source/signing.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace afresh {
namespace detail {

class device_flow {
public:
    std::shared_ptr<provider_state> server;
    client_registration client;
    sign_in_options options;
    std::function<void(const device_prompt&)> show;

    static asio::awaitable<signed_in> run(std::shared_ptr<device_flow> self);

private:
    struct code {
        secret_string device_code;
        device_prompt prompt;
        std::chrono::seconds interval{};
        std::chrono::steady_clock::time_point made{};
    };
    asio::awaitable<code> ask_for_code();
    code read_code(const transport_outcome& outcome) const;
    asio::awaitable<signed_in> poll(code c, parties of);
    static asio::awaitable<signed_in> accept(parties of, core::token_response got);
    parties both() const { return {*server, client}; }
};

namespace {

// A page that a user is sent to: https, and nothing that a terminal would obey.
bool is_page(const std::string& url)
{
    const auto parts = core::parse_url(url);
    return parts && (parts->is_https() || parts->is_loopback()) && core::printable(url, url.size()) == url;
}

} // namespace

asio::awaitable<device_flow::code> device_flow::ask_for_code()
{
    const server_metadata known = co_await server->metadata();
    if (known.device_authorization_endpoint.empty())
        throw sign_in_error(errc::misconfigured, "device_authorization_endpoint: the server has none");
    core::parameters form;
    form.emplace_back("client_id", client.client_id());
    if (!options.scope.empty()) form.emplace_back("scope", options.scope);
    for (const std::string& r : options.resources) form.emplace_back("resource", r);
    if (!options.authorization_details.empty())
        form.emplace_back("authorization_details", options.authorization_details);
    form.insert(form.end(), options.parameters.begin(), options.parameters.end());
    const secret_string assertion = co_await client_assertion(client, server->now().wall);
    http_request request = core::form_of(known.device_authorization_endpoint, client, form, assertion);
    const transport_outcome outcome = co_await ask(*server->transport(), std::move(request));
    co_return read_code(outcome);
}

// RFC 8628 3.2
device_flow::code device_flow::read_code(const transport_outcome& outcome) const
{
    const auto o = require_object(outcome, both(), "device authorization");
    const std::int64_t expires_in = core::date_member(o, "expires_in").value_or(0);
    code c;
    c.device_code = core::text_member(o, "device_code");
    c.prompt.user_code = core::text_member(o, "user_code");
    c.prompt.verification_uri = core::text_member(o, "verification_uri");
    c.prompt.verification_uri_complete = core::text_member(o, "verification_uri_complete");
    c.interval = std::chrono::seconds(core::date_member(o, "interval").value_or(0));
    const std::string& user_code = c.prompt.user_code;
    const std::string& complete = c.prompt.verification_uri_complete;
    if (expires_in == 0 || c.device_code.empty() || !core::is_vschar(c.device_code.reveal()) || user_code.empty() ||
        core::printable(user_code, 64) != user_code || !is_page(c.prompt.verification_uri) ||
        (!complete.empty() && !is_page(complete)))
        throw sign_in_error(errc::malformed_response,
                            "device authorization: the answer lacks what RFC 8628 3.2 requires");
    c.prompt.expires_in = std::min(std::chrono::seconds(expires_in), std::chrono::seconds(86400));
    c.made = server->now().mono;
    return c;
}

asio::awaitable<signed_in> device_flow::run(std::shared_ptr<device_flow> self)
{
    code c = co_await self->ask_for_code();
    const server_metadata known = co_await self->server->metadata();
    parties of(*self->server, self->client, key_for(self->client, self->options.dpop_key, known));
    self->show(c.prompt);
    co_return co_await self->poll(std::move(c), std::move(of));
}

asio::awaitable<signed_in> device_flow::poll(code c, parties of)
{
    core::device_poll machine(c.interval, c.prompt.expires_in);
    core::parameters form;
    form.emplace_back("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
    form.emplace_back("client_id", client.client_id());
    form.emplace_back("device_code", std::string(c.device_code.reveal()));
    for (const std::string& r : options.resources) form.emplace_back("resource", r);
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const auto age = [&] { return std::chrono::duration_cast<std::chrono::seconds>(server->now().mono - c.made); };
    while (machine.has_time(age())) {
        timer.expires_after(machine.wait());
        co_await timer.async_wait(asio::use_awaitable);
        redemption r = co_await redeem(of, form, options.scope);
        switch (machine.on_answer(r.got, r.got.said.error)) {
        case core::device_poll::step::ask_again: break;
        case core::device_poll::step::done: co_return co_await accept(of, std::move(r.got));
        case core::device_poll::step::failed: throw sign_in_error(machine.cause(), r.why, r.got.said);
        }
    }
    throw sign_in_error(errc::wait_timed_out, "nobody approved the code while it was good");
}

// RFC 8628 knows no ID token; a server that speaks OpenID Connect sends one.
asio::awaitable<signed_in> device_flow::accept(parties of, core::token_response got)
{
    if (!got.id_token.empty()) {
        core::id_token_expectation expected = expectation_of(of);
        std::string anybody;
        co_return co_await trusted(of, std::move(got), std::move(expected), std::move(anybody));
    }
    signed_in out;
    out.tokens = tokens_of(of, got);
    co_return out;
}

} // namespace detail

std::string device_prompt::text() const
{
    const std::string& link = verification_uri_complete.empty() ? verification_uri : verification_uri_complete;
    std::string out =
        "To sign in, open\n\n    " + verification_uri + "\n\nand enter the code\n\n    " + user_code + "\n";
    const std::string picture = detail::qr_code(link);
    if (!picture.empty()) out += "\nor scan\n\n" + picture;
    return out;
}

device_sign_in::device_sign_in(provider server, client_registration client, sign_in_options options,
                               std::function<void(const device_prompt&)> show)
    : impl_(std::make_shared<detail::device_flow>())
{
    if (!show) throw boost::system::system_error(errc::invalid_argument, "show: nobody would see the code");
    // The same rules as for the other flow.
    const detail::code_flow checked(server.implementation(), client, options);
    impl_->server = server.implementation();
    impl_->client = std::move(client);
    impl_->options = std::move(options);
    impl_->show = std::move(show);
}

asio::awaitable<signed_in> device_sign_in::run() const { return detail::device_flow::run(impl_); }

asio::awaitable<token_set> device_sign_in::operator()() const
{
    const auto flow = impl_;
    signed_in user = co_await detail::device_flow::run(flow);
    co_return std::move(user.tokens);
}

} // namespace afresh
