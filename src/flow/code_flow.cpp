#include "flow/code_flow.hpp"

#include "core/client_assertion.hpp"
#include "core/strict_json.hpp"
#include "crypto/digest.hpp"
#include "crypto/half_hash.hpp"
#include "flow/fetch.hpp"
#include "source/signing.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace afresh::detail {
namespace {

constexpr std::size_t most_spent = 100'000; // states, each for as long as a user may take

[[noreturn]] void fail(error_code ec, const std::string& why, diagnostics said = {})
{
    throw sign_in_error(ec, why, std::move(said));
}

} // namespace

code_flow::code_flow(std::shared_ptr<provider_state> server, client_registration client, sign_in_options options)
    : server_(std::move(server)), client_(std::move(client)), options_(std::move(options))
{
    auto fault = core::check(client_);
    if (!fault) fault = core::check(options_, client_);
    if (!fault && client_.issuer() != server_->issuer())
        fault = {errc::invalid_argument, "issuer: the registration is at another server than the provider"};
    if (fault) throw boost::system::system_error(fault.code, fault.text);
}

asio::awaitable<started_sign_in> code_flow::start(std::shared_ptr<code_flow> self, std::string redirect_uri)
{
    const server_metadata known = co_await self->server_->metadata();
    if (known.authorization_endpoint.empty())
        fail(errc::invalid_metadata, "authorization_endpoint: is missing; the server signs nobody in");
    core::kept_sign_in kept;
    kept.issuer = self->server_->issuer();
    kept.client_id = self->client_.client_id();
    kept.redirect_uri = std::move(redirect_uri);
    kept.state = crypto::random_text(32);
    if (core::asks_for_id_token(self->options_)) kept.nonce = crypto::random_text(32);
    kept.code_verifier = crypto::random_text(32); // RFC 7636 7.1
    kept.started = seconds_of(self->server_->now().wall);
    core::parameters all =
        core::authorization_parameters(self->options_, kept, crypto::sha256_text(kept.code_verifier));
    started_sign_in out;
    out.url = co_await self->url_for(std::move(all), known, kept);
    out.state = kept.state;
    out.kept = core::to_text(kept);
    co_return out;
}

asio::awaitable<std::string> code_flow::url_for(core::parameters all, const server_metadata& known,
                                                const core::kept_sign_in& kept)
{
    const auto reference = [&](const char* name, std::string value) {
        core::parameters few;
        few.emplace_back("client_id", kept.client_id);
        few.emplace_back(name, std::move(value));
        return few;
    };
    if (const signing_key& key = options_.request_object_key) {
        std::string header = core::jose_header(key.algorithm(), key.key_id(), "oauth-authz-req+jwt"); // RFC 9101 10.8
        std::string claims = core::request_object_claims(all, kept, crypto::random_text(16), kept.started);
        std::string object = co_await sign_compact(key, std::move(header), std::move(claims));
        core::parameters signed_ones = reference("request", std::move(object));
        // OpenID Connect Core 6.1 wants these outside, too.
        for (const http_field& p : all)
            if (p.name == "response_type" || p.name == "scope") signed_ones.push_back(p);
        all = std::move(signed_ones);
    }
    if (options_.push_request || known.require_pushed_authorization_requests) {
        std::string uri = co_await push(std::move(all), known);
        all = reference("request_uri", std::move(uri));
    }
    co_return core::url_with(known.authorization_endpoint, all);
}

// RFC 9126 2
asio::awaitable<std::string> code_flow::push(core::parameters all, const server_metadata& known)
{
    if (known.pushed_authorization_request_endpoint.empty())
        fail(errc::misconfigured, "push_request: the server has no pushed_authorization_request_endpoint");
    const secret_string assertion = co_await client_assertion(client_, server_->now().wall);
    http_request request = core::form_of(known.pushed_authorization_request_endpoint, client_, all, assertion);
    const transport_outcome outcome = co_await ask(*server_->transport(), std::move(request));
    const auto answer = require_object(outcome, client_, *server_, "pushed request");
    std::string uri = core::text_member(answer, "request_uri");
    if (uri.empty()) fail(errc::malformed_response, "pushed request: the answer has no request_uri (RFC 9126 2.2)");
    co_return uri;
}

bool code_flow::spend(const std::string& state, std::int64_t now)
{
    const std::lock_guard lock(mutex_);
    if (spent_.size() >= most_spent) std::erase_if(spent_, [now](const auto& s) { return s.second < now; });
    return spent_.emplace(state, now + options_.limit.count()).second;
}

asio::awaitable<signed_in> code_flow::finish(std::shared_ptr<code_flow> self, secret_string kept_text,
                                             std::string callback)
{
    const auto kept = core::read_kept(kept_text.reveal());
    if (!kept || kept->issuer != self->server_->issuer() || kept->client_id != self->client_.client_id())
        fail(errc::invalid_callback, "what was kept is not of a sign-in that was begun here");
    const std::int64_t now = seconds_of(self->server_->now().wall);
    if (now > kept->started + self->options_.limit.count()) fail(errc::invalid_callback, "the user took too long");
    const server_metadata known = co_await self->server_->metadata();
    // RFC 9207 2.4: an ID token beside the code says who issued both.
    const bool iss_required = known.authorization_response_iss_parameter_supported && !self->options_.hybrid;
    const core::authorization_response answer =
        core::read_callback(callback, *kept, self->options_.hybrid, iss_required);
    wipe(callback);
    if (answer.fault) fail(answer.fault.code, answer.fault.text, answer.said);
    if (!self->spend(kept->state, now)) fail(errc::invalid_callback, "the answer came before, and a code is good once");
    co_return co_await self->redeem(*kept, answer);
}

asio::awaitable<signed_in> code_flow::redeem(const core::kept_sign_in& kept, const core::authorization_response& answer)
{
    std::string vouched; // hybrid flow: before the code is sent anywhere
    if (options_.hybrid) {
        core::id_token_expectation expected;
        expected.issuer = kept.issuer;
        expected.client_id = kept.client_id;
        expected.nonce = kept.nonce;
        expected.max_age = options_.max_age;
        expected.c_hash = crypto::half_hash_for(answer.id_token, answer.code);
        expected.hashes_required = true;
        const auto claims = co_await server_->verify(answer.id_token, expected);
        vouched = core::text_member(claims, "sub");
    }
    core::parameters form;
    form.emplace_back("grant_type", "authorization_code");
    form.emplace_back("code", answer.code);
    form.emplace_back("redirect_uri", kept.redirect_uri);
    form.emplace_back("code_verifier", kept.code_verifier);
    for (const std::string& r : options_.resources) form.emplace_back("resource", r);
    const auto now = server_->now().wall;
    const secret_string assertion = co_await client_assertion(client_, now);
    http_request request = core::form_of(client_.token_endpoint(), client_, form, assertion);
    transport_outcome outcome = co_await ask(*server_->transport(), std::move(request));
    afresh::grant asked = afresh::grant::refresh_token({});
    asked.scope(options_.scope);
    core::request_extras sent;
    sent.assertion = assertion;
    sent.further = form;
    const core::token_response got = core::parse_token_response(outcome, client_, asked, now, {}, sent);
    wipe(outcome.response.body());
    require_tokens(got, outcome);

    signed_in out;
    out.tokens = tokens_of(got);
    std::exception_ptr error;
    try {
        if (core::asks_for_id_token(options_)) out.claims = co_await verified_claims(got, kept, vouched);
    } catch (const sign_in_error&) {
        error = std::current_exception();
    }
    if (error) {
        co_await discard(client_, *server_->transport(), got.refresh_token, got.access_token, now);
        std::rethrow_exception(error);
    }
    if (!out.claims.empty()) out.subject = core::text_member(*core::strict_object(out.claims), "sub");
    co_return out;
}

asio::awaitable<std::string> code_flow::verified_claims(const core::token_response& got, const core::kept_sign_in& kept,
                                                        std::string hybrid_subject)
{
    if (got.id_token.empty()) fail(errc::invalid_id_token, "id_token: is missing, and the scope openid was asked for");
    core::id_token_expectation expected;
    expected.issuer = kept.issuer;
    expected.client_id = kept.client_id;
    expected.nonce = kept.nonce;
    expected.max_age = options_.max_age;
    std::string text(got.id_token.reveal());
    expected.at_hash = crypto::half_hash_for(text, got.access_token.reveal());
    const auto claims = co_await server_->verify(std::move(text), expected);
    // OpenID Connect Core 3.3.3.6
    if (options_.hybrid && core::text_member(claims, "sub") != hybrid_subject)
        fail(errc::invalid_id_token, "sub: is not that of the ID token that came with the code");
    co_return boost::json::serialize(claims);
}

} // namespace afresh::detail

namespace afresh {

authorization_code::authorization_code(provider server, client_registration client, sign_in_options options)
    : impl_(std::make_shared<detail::code_flow>(server.implementation(), std::move(client), std::move(options)))
{
    if (impl_->options().redirect_uri.empty())
        throw boost::system::system_error(errc::invalid_argument,
                                          "redirect_uri: is empty; give the URL the server sends users back to");
}

asio::awaitable<started_sign_in> authorization_code::start() const
{
    return detail::code_flow::start(impl_, impl_->options().redirect_uri);
}

asio::awaitable<signed_in> authorization_code::finish(secret_string kept, std::string callback) const
{
    return detail::code_flow::finish(impl_, std::move(kept), std::move(callback));
}

} // namespace afresh
