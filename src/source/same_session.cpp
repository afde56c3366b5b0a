// A refreshed ID token must be about the user who signed in (OpenID Connect Core 12.2). It came straight from the token
// endpoint, so that its signature is not looked at (3.1.3.7, rule 6): an outage of the server's keys must not cost the
// access token.

#include "source/chain.hpp"

#include "core/id_token.hpp"
#include "core/strict_json.hpp"
#include "crypto/jws.hpp"

namespace afresh::detail {

// Another user's, or another sign-in's: then the access token that came with it must not be used. Its refresh token is kept,
// since it may be the only one alive, and nothing is revoked.
using core::verdict;

void chain::check_session(core::token_response& response)
{
    if (response.outcome != verdict::ok || response.id_token.empty()) return;
    const auto original = core::strict_object(session_);
    if (!original) return begin_session(response.id_token);
    const auto is_new = crypto::unverified_claims(response.id_token.reveal());
    if (!is_new) return; // encrypted, or not of OpenID Connect: nobody here can compare them
    const auto fault = core::check_refreshed_id_token(*original, *is_new, service->now().wall);
    if (!fault) return;
    failure_detail_ = "id_token: " + fault.text;
    response.outcome = verdict::quarantined;
    response.cause = errc::malformed_response;
    response.access_token.wipe();
    response.id_token.wipe();
}

// A chain's first ID token is the one that all others are compared with.
void chain::begin_session(const secret_string& id_token)
{
    const auto claims = crypto::unverified_claims(id_token.reveal());
    session_ = claims ? core::session_claims(*claims) : std::string();
}

} // namespace afresh::detail
