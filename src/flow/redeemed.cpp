#include "flow/redeemed.hpp"

#include "core/dpop.hpp"
#include "core/evidence.hpp"
#include "core/revocation.hpp"
#include "core/strict_json.hpp"
#include "crypto/half_hash.hpp"
#include "flow/fetch.hpp"
#include "source/signing.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace afresh::detail {
namespace {

std::string reason(const diagnostics& said, const transport_outcome& outcome)
{
    return said.error.empty() ? text_of(outcome) : "the server answered " + said.error;
}

// Never throws.
asio::awaitable<void> discard(parties of, const core::token_response& got)
{
    if (of.client.revocation_endpoint().empty()) co_return;
    using kind = core::parting_token::kind;
    const core::parting_token token = got.refresh_token.empty()
                                          ? core::parting_token{got.access_token, kind::access_token}
                                          : core::parting_token{got.refresh_token, kind::refresh_token};
    if (token.value.empty()) co_return;
    try {
        const secret_string assertion = co_await client_assertion(of.client, of.server.now().wall);
        http_request request = core::make_revocation_request(of.client, token, assertion);
        (void)co_await ask(*of.server.transport(), std::move(request));
    } catch (const std::exception&) { // they expire, then
    }
}

} // namespace

boost::json::object require_object(const transport_outcome& outcome, const parties& of, const char* what,
                                   std::string_view secret)
{
    const std::string begin = std::string(what) + ": ";
    if (outcome.ec) throw sign_in_error(errc::temporarily_unavailable, begin + text_of(outcome));
    const http_response& answer = outcome.response;
    const core::token_json json(answer.body());
    const diagnostics said = core::evidence(of.client, json, {secret}).said(answer, json, of.server.now().wall);
    const std::string why = begin + reason(said, outcome);
    if (answer.status() >= 500 || answer.status() == 429) throw sign_in_error(errc::temporarily_unavailable, why, said);
    if (answer.status() != 200 && answer.status() != 201) throw sign_in_error(errc::misconfigured, why, said);
    auto object = core::strict_object(answer.body());
    if (!object) throw sign_in_error(errc::malformed_response, begin + "the answer is not one JSON object", said);
    return *std::move(object);
}

std::shared_ptr<prover> key_for(const client_registration& client, const signing_key& given,
                                const server_metadata& known)
{
    if (!given && !client.wants_dpop()) return nullptr;
    const signing_key key = given ? given : signing_key::generate();
    const auto& readable = known.dpop_signing_alg_values_supported; // RFC 9449 5.1
    if (!readable.empty() && std::find(readable.begin(), readable.end(), key.algorithm()) == readable.end())
        throw sign_in_error(errc::misconfigured, "dpop_key: the server does not verify " + key.algorithm() +
                                                     "; give a key of dpop_signing_alg_values_supported");
    return std::make_shared<prover>(key);
}

namespace {

// Once. True: the server wants another proof of possession.
asio::awaitable<bool> redeem_once(const parties& of, const core::parameters& form, const std::string& scope,
                                  redemption& r)
{
    const auto now = of.server.now().wall;
    core::request_extras sent; // what may be echoed
    sent.assertion = co_await client_assertion(of.client, now);
    http_request request = core::form_of(of.client.token_endpoint(), of.client, form, sent.assertion);
    sent.further = form;
    const auto to = core::parse_url(of.client.token_endpoint());
    if (of.key) {
        proof_use use(core::proof_reader::authorization_server, "POST", *to, now);
        sent.proof = co_await of.key->prove(std::move(use));
        request.field("DPoP", sent.proof);
    }
    transport_outcome outcome = co_await ask(*of.server.transport(), std::move(request));
    grant asked = grant::refresh_token({}); // it is spent as one
    asked.scope(scope);
    r.got = core::parse_token_response(outcome, of.client, asked, now, {}, sent);
    wipe(outcome.response.body());
    r.why = reason(r.got.said, outcome);
    if (!of.key || outcome.ec) co_return false;
    const bool news = of.key->learn(core::proof_reader::authorization_server, to->origin, outcome.response.fields(),
                                    of.server.now().wall);
    co_return news&& core::asks_for_another_proof(r.got.said.error);
}

} // namespace

asio::awaitable<redemption> redeem(parties of, core::parameters form, std::string scope)
{
    redemption r;
    const bool again = co_await redeem_once(of, form, scope, r);
    if (again) co_await redeem_once(of, form, scope, r);
    co_return r;
}

void require_tokens(const redemption& r)
{
    using core::verdict;
    const core::token_response& got = r.got;
    switch (got.outcome) {
    case verdict::ok: return;
    case verdict::quarantined:
        throw sign_in_error(errc::malformed_response,
                            "the access token must not be used: its type is " + got.token_type, got.said);
    case verdict::in_doubt: throw sign_in_error(errc::sign_in_lost, r.why, got.said);
    case verdict::refused: throw sign_in_error(errc::sign_in_refused, r.why, got.said);
    case verdict::misconfigured:
    case verdict::doubtful_misconfigured:
    case verdict::unauthorized:
    case verdict::invalid_request: throw sign_in_error(errc::misconfigured, r.why, got.said);
    case verdict::not_sent:
    case verdict::throttled:
    case verdict::transient: throw sign_in_error(errc::temporarily_unavailable, r.why, got.said);
    }
}

token_set tokens_of(const parties& of, const core::token_response& got)
{
    token_set tokens = token_set()
                           .access_token(got.access_token)
                           .refresh_token(got.refresh_token)
                           .id_token(got.id_token)
                           .token_type(got.token_type)
                           .scope(got.scope)
                           .expires_in(got.expires_in);
    if (of.key) tokens.dpop_key(of.key->key());
    return tokens;
}

core::id_token_expectation expectation_of(const parties& of)
{
    core::id_token_expectation expected;
    expected.issuer = of.server.issuer();
    expected.client_id = of.client.client_id();
    return expected;
}

asio::awaitable<signed_in> trusted(parties of, core::token_response got, core::id_token_expectation expected,
                                   std::string subject)
{
    signed_in out;
    out.tokens = tokens_of(of, got);
    std::exception_ptr error;
    try {
        if (got.id_token.empty())
            throw sign_in_error(errc::invalid_id_token, "id_token: is missing, and the scope openid was asked for");
        std::string text(got.id_token.reveal());
        expected.at_hash = crypto::half_hash_for(text, got.access_token.reveal());
        const auto claims = co_await of.server.verify(std::move(text), std::move(expected));
        out.subject = core::text_member(claims, "sub");
        // OpenID Connect Core 3.3.3.6
        if (!subject.empty() && out.subject != subject)
            throw sign_in_error(errc::invalid_id_token, "sub: is not that of the ID token that came with the code");
        out.claims = boost::json::serialize(claims);
    } catch (const sign_in_error&) {
        error = std::current_exception();
    }
    if (error) {
        co_await discard(of, got);
        std::rethrow_exception(error);
    }
    co_return out;
}

} // namespace afresh::detail
