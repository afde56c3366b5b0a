#include "flow/code_flow.hpp"

#include "core/client_assertion.hpp"
#include "core/strict_json.hpp"
#include "crypto/digest.hpp"
#include "crypto/half_hash.hpp"
#include "flow/fetch.hpp"
#include "source/signing.hpp"

#include <utility>

namespace afresh::detail {
namespace {

constexpr std::size_t most_spent = 100'000; // states, each for as long as a user may take

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
        throw sign_in_error(errc::invalid_metadata, "authorization_endpoint: is missing; the server signs nobody in");
    core::kept_sign_in kept;
    kept.issuer = self->server_->issuer();
    kept.client_id = self->client_.client_id();
    kept.redirect_uri = std::move(redirect_uri);
    kept.state = crypto::random_text(32);
    if (core::asks_for_id_token(self->options_)) kept.nonce = crypto::random_text(32);
    kept.code_verifier = crypto::random_text(32); // RFC 7636 7.1
    kept.started = core::numeric_date(self->server_->now().wall);
    if (const auto key = key_for(self->client_, self->options_.dpop_key, known)) {
        kept.dpop_jkt = key->thumbprint();
        if (!self->options_.dpop_key) kept.dpop_key = key->key().to_pem();
    }
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
        throw sign_in_error(errc::misconfigured,
                            "push_request: the server has no pushed_authorization_request_endpoint");
    const secret_string assertion = co_await client_assertion(client_, server_->now().wall);
    http_request request = core::form_of(known.pushed_authorization_request_endpoint, client_, all, assertion);
    const transport_outcome outcome = co_await ask(*server_->transport(), std::move(request));
    const auto answer = require_object(outcome, both(), "pushed request");
    std::string uri = core::text_member(answer, "request_uri");
    if (uri.empty())
        throw sign_in_error(errc::malformed_response, "pushed request: the answer has no request_uri (RFC 9126 2.2)");
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
        throw sign_in_error(errc::invalid_callback, "what was kept is not of a sign-in that was begun here");
    const std::int64_t now = core::numeric_date(self->server_->now().wall);
    if (now > kept->started + self->options_.limit.count())
        throw sign_in_error(errc::invalid_callback, "the user took too long");
    const server_metadata known = co_await self->server_->metadata();
    // RFC 9207 2.4: an ID token beside the code says who issued both.
    const bool iss_required = known.authorization_response_iss_parameter_supported && !self->options_.hybrid;
    const core::authorization_response answer =
        core::read_callback(callback, *kept, self->options_.hybrid, iss_required);
    wipe(callback);
    if (answer.fault) throw sign_in_error(answer.fault.code, answer.fault.text, answer.said);
    if (!self->spend(kept->state, now))
        throw sign_in_error(errc::invalid_callback, "the answer came before, and a code is good once");
    co_return co_await self->exchange(*kept, answer);
}

// Null: none was wanted.
std::shared_ptr<prover> code_flow::kept_key(const core::kept_sign_in& kept) const
{
    if (kept.dpop_jkt.empty()) return nullptr;
    dpop_binding bound;
    bound.jkt = kept.dpop_jkt;
    bound.algorithm = "ES256"; // as signing_key::generate() has it
    bound.key = kept.dpop_key;
    auto key = prover_of(bound, options_.dpop_key);
    if (!key) throw sign_in_error(errc::invalid_callback, "dpop_key: is another one than when this sign-in was begun");
    return key;
}

asio::awaitable<signed_in> code_flow::exchange(const core::kept_sign_in& kept,
                                               const core::authorization_response& answer)
{
    const parties of(*server_, client_, kept_key(kept));
    core::id_token_expectation expected = expectation_of(of);
    expected.nonce = kept.nonce;
    expected.max_age = options_.max_age;
    std::string subject;
    if (options_.hybrid) { // before the code is sent anywhere, the first ID token vouches for it
        core::id_token_expectation first = expected;
        first.c_hash = crypto::half_hash_for(answer.id_token, answer.code);
        first.hashes_required = true;
        const auto claims = co_await server_->verify(answer.id_token, std::move(first));
        subject = core::text_member(claims, "sub");
    }
    core::parameters form;
    form.emplace_back("grant_type", "authorization_code");
    form.emplace_back("code", answer.code);
    form.emplace_back("redirect_uri", kept.redirect_uri);
    form.emplace_back("code_verifier", kept.code_verifier);
    for (const std::string& r : options_.resources) form.emplace_back("resource", r);
    redemption r = co_await redeem(of, std::move(form), options_.scope);
    require_tokens(r);
    if (core::asks_for_id_token(options_))
        co_return co_await trusted(of, std::move(r.got), std::move(expected), std::move(subject));
    signed_in out;
    out.tokens = tokens_of(of, r.got);
    co_return out;
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
