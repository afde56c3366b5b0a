#include <afresh/provider.hpp>

#include "core/strict_json.hpp"
#include "flow/fetch.hpp"
#include "flow/provider_state.hpp"

#include <afresh/http_transport.hpp>
#include <afresh/sign_in_error.hpp>

#include <utility>

namespace afresh::detail {
namespace {

constexpr std::chrono::seconds retry_pause{60};

provider_options completed(provider_options o)
{
    if (!o.transport) o.transport = make_http_transport();
    if (!o.clock) o.clock = [] { return instant{std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; };
    return o;
}

} // namespace

provider_state::provider_state(std::string issuer, provider_options options)
    : issuer_(std::move(issuer)), options_(completed(std::move(options)))
{
    if (auto fault = core::check_issuer(issuer_, rules())) throw sign_in_error(fault.code, fault.text);
}

provider_state::provider_state(server_metadata known, provider_options options)
    : provider_state(known.issuer, std::move(options))
{
    metadata_ = std::make_shared<const server_metadata>(std::move(known));
    fixed_ = true;
}

core::metadata_rules provider_state::rules() const noexcept
{
    return {options_.refuse_private_addresses, options_.allow_plain_http_for_tests};
}

asio::awaitable<server_metadata> provider_state::metadata()
{
    const moment now = options_.clock().mono;
    metadata_ptr held;
    bool lasts = false;
    {
        const std::lock_guard lock(mutex_);
        held = metadata_;
        lasts = held && (fixed_ || now < metadata_fetched_ + options_.lifetime);
    }
    if (lasts) co_return *held;
    std::exception_ptr error;
    try {
        const auto self = shared_from_this();
        const shared_flight::work work = [self, held] { return fetch_metadata(self, held); };
        co_await metadata_flight_->join(work);
    } catch (const sign_in_error&) {
        error = std::current_exception();
    }
    if (error && !held) std::rethrow_exception(error);
    const std::lock_guard lock(mutex_);
    if (error) metadata_fetched_ = now - options_.lifetime + retry_pause; // the last good answer, a while longer
    co_return *metadata_;
}

asio::awaitable<void> provider_state::fetch_metadata(std::shared_ptr<provider_state> self, metadata_ptr seen)
{
    {
        const std::lock_guard lock(self->mutex_);
        if (self->metadata_ != seen) co_return;
    }
    core::metadata_reading read;
    transport_outcome outcome;
    for (const std::string& url : core::metadata_urls(self->issuer_)) {
        http_request request = get_json(url);
        outcome = co_await ask(*self->options_.transport, std::move(request));
        if (outcome.ec || outcome.response.status() != 404) break; // RFC 8414 5: the other place, if there is none here
    }
    if (outcome.ec || outcome.response.status() != 200)
        throw sign_in_error(errc::temporarily_unavailable, self->issuer_ + ": no metadata: " + text_of(outcome));
    read = core::read_metadata(outcome.response.body(), self->issuer_, self->rules());
    if (read.fault) throw sign_in_error(read.fault.code, self->issuer_ + ": " + read.fault.text);
    const std::lock_guard lock(self->mutex_);
    self->metadata_ = std::make_shared<const server_metadata>(std::move(read.value));
    self->metadata_fetched_ = self->options_.clock().mono;
}

asio::awaitable<void> provider_state::fetch_keys(std::shared_ptr<provider_state> self, keys_ptr seen)
{
    {
        const std::lock_guard lock(self->mutex_);
        if (self->keys_ != seen) co_return;
    }
    const server_metadata known = co_await self->metadata();
    if (known.jwks_uri.empty())
        throw sign_in_error(errc::invalid_metadata,
                            self->issuer_ + ": jwks_uri is missing, so that no ID token can be verified");
    {
        const std::lock_guard lock(self->mutex_);
        self->keys_asked_ = self->options_.clock().mono;
    }
    http_request request = get_json(known.jwks_uri);
    request.fields().set("Accept", "application/jwk-set+json, application/json");
    const transport_outcome outcome = co_await ask(*self->options_.transport, std::move(request));
    if (outcome.ec || outcome.response.status() != 200)
        throw sign_in_error(errc::temporarily_unavailable, self->issuer_ + ": no keys: " + text_of(outcome));
    auto read = read_jwks(outcome.response.body(), self->options_.most_keys);
    if (!read)
        throw sign_in_error(errc::invalid_metadata,
                            self->issuer_ + ": jwks_uri: the answer is not a JWK set (RFC 7517 5)");
    const std::lock_guard lock(self->mutex_);
    self->keys_ = std::make_shared<const std::vector<verification_key>>(*std::move(read));
    self->keys_fetched_ = self->options_.clock().mono;
}

provider_state::keys_ptr provider_state::held_keys(moment& fetched, moment& asked) const
{
    const std::lock_guard lock(mutex_);
    fetched = keys_fetched_;
    asked = keys_asked_;
    return keys_;
}

// Asked for anew; the last good ones when that fails.
asio::awaitable<provider_state::keys_ptr> provider_state::keys(keys_ptr seen)
{
    std::exception_ptr error;
    try {
        const auto self = shared_from_this();
        const shared_flight::work work = [self, seen] { return fetch_keys(self, seen); };
        co_await keys_flight_->join(work);
    } catch (const sign_in_error&) {
        error = std::current_exception();
    }
    moment fetched, asked;
    keys_ptr held = held_keys(fetched, asked);
    if (error && !held) std::rethrow_exception(error);
    co_return held;
}

asio::awaitable<boost::json::object> provider_state::verify(std::string token, core::id_token_expectation expected)
{
    std::string why;
    const auto text = read_jws(token, options_.id_token_algorithms, why);
    if (!text) throw sign_in_error(errc::invalid_id_token, why);
    const auto claims = core::strict_object(text->payload);
    if (!claims)
        throw sign_in_error(errc::invalid_id_token, "the claims are not one JSON object without repeated members");

    moment fetched, asked;
    keys_ptr held = held_keys(fetched, asked);
    const moment now = options_.clock().mono;
    bool is_new = false;
    if (!held || (now >= fetched + options_.lifetime && now >= asked + options_.keys_pause)) {
        held = co_await keys(held);
        is_new = true;
    }
    signature_verdict verdict = check_signature(*text, *held);
    // A server that changed its keys a moment ago; or somebody who makes up names of keys (FAULTS B18).
    if (verdict != signature_verdict::good && !is_new && now >= asked + options_.keys_pause) {
        held = co_await keys(held);
        verdict = check_signature(*text, *held);
    }
    if (verdict == signature_verdict::no_key)
        throw sign_in_error(errc::invalid_id_token, "kid: the server has no key of that name that fits");
    if (verdict == signature_verdict::bad)
        throw sign_in_error(errc::invalid_id_token, "the signature is not the server's");
    if (auto fault = core::check_id_token(*claims, expected, options_.clock().wall))
        throw sign_in_error(fault.code, fault.text);
    co_return *claims;
}

} // namespace afresh::detail

namespace afresh {

provider::provider(std::string issuer, provider_options options)
    : impl_(std::make_shared<detail::provider_state>(std::move(issuer), std::move(options)))
{
}

provider::provider(server_metadata known, provider_options options)
    : impl_(std::make_shared<detail::provider_state>(std::move(known), std::move(options)))
{
}

const std::string& provider::issuer() const noexcept { return impl_->issuer(); }

asio::awaitable<server_metadata> provider::metadata() const { return impl_->metadata(); }

asio::awaitable<server_metadata> discover(std::string issuer, std::shared_ptr<transport> transport)
{
    provider_options options;
    options.transport = std::move(transport);
    const provider p(std::move(issuer), std::move(options));
    co_return co_await p.metadata();
}

} // namespace afresh
