#include "cli/config/grant_of.hpp"

#include "cli/config/secret.hpp"

#include <afresh/grant_parameters.hpp>
#include <afresh/signing_key.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace afresh::cli {
namespace {

// A token that somebody else renews (Kubernetes, a CI system, SPIFFE): read anew for each request.
class found_token final : public grant_parameters {
public:
    found_token(std::string parameter, secret_place where, std::vector<http_field> others)
        : parameter_(std::move(parameter)), where_(std::move(where)), others_(std::move(others))
    {
    }
    asio::awaitable<std::vector<http_field>> next() override
    {
        std::vector<http_field> all = others_;
        all.emplace_back(parameter_, std::string(read_secret(where_).reveal()));
        co_return all;
    }

private:
    const std::string parameter_;
    const secret_place where_;
    const std::vector<http_field> others_;
};

grant jwt_bearer_of(const profile& p)
{
    const jwt_bearer_settings& j = p.jwt_bearer;
    if (j.assertion)
        return grant::extension(grant_type_of(p),
                                std::make_shared<found_token>("assertion", j.assertion, std::vector<http_field>()));
    jwt_bearer_options o;
    o.issuer = j.issuer.empty() ? p.client_id : j.issuer;
    o.subject = j.subject;
    o.audience = j.audience.empty() ? p.issuer : j.audience;
    o.scope = j.scope;
    return jwt_bearer(signing_key::from_pem_file(j.key_file, j.signing_algorithm, j.key_id), std::move(o));
}

grant token_exchange_of(const profile& p, const std::optional<token_source>& subject)
{
    const token_exchange_settings& t = p.token_exchange;
    if (subject) {
        token_exchange_options o;
        o.subject_token_type = t.subject_token_type;
        o.requested_token_type = t.requested_token_type;
        o.audience = t.audience;
        return token_exchange(*subject, std::move(o));
    }
    std::vector<http_field> others;
    others.emplace_back("subject_token_type", t.subject_token_type);
    if (!t.requested_token_type.empty()) others.emplace_back("requested_token_type", t.requested_token_type);
    if (!t.audience.empty()) others.emplace_back("audience", t.audience);
    return grant::extension(grant_type_of(p),
                            std::make_shared<found_token>("subject_token", t.subject_token, std::move(others)));
}

} // namespace

std::string grant_type_of(const profile& p)
{
    if (p.grant == "jwt_bearer") return "urn:ietf:params:oauth:grant-type:jwt-bearer";
    if (p.grant == "token_exchange") return "urn:ietf:params:oauth:grant-type:token-exchange";
    return p.grant;
}

grant grant_of(const profile& p, const std::optional<token_source>& subject)
{
    // A refresh token knows its scope; what a sign-in asks for is not all that a refresh may (openid, offline_access).
    if (p.grant == "refresh_token") return grant::refresh_token(read_secret(p.refresh_token)).resource(p.resource);
    grant g = grant::client_credentials();
    if (p.grant == "jwt_bearer") g = jwt_bearer_of(p);
    if (p.grant == "token_exchange") g = token_exchange_of(p, subject);
    return g.scope(p.scope).resource(p.resource);
}

} // namespace afresh::cli
