// A refreshed ID token must be about the user who signed in (OpenID Connect Core 12.2). It came straight from the token
// endpoint, so that its signature is not looked at (3.1.3.7, rule 6): an outage of the server's keys must not cost the
// access token.

#include "source/chain.hpp"

#include "core/id_token.hpp"
#include "crypto/jws.hpp"

namespace afresh::detail {

// Another user's, or another sign-in's: then the access token that came with it must not be used. Its refresh token is kept,
// since it may be the only one alive, and nothing is revoked.
using core::verdict;

void chain::check_session(core::token_response& response)
{
    if (response.outcome != verdict::ok || response.id_token.empty() || id_token_.empty()) return;
    const auto original = crypto::unverified_claims(id_token_.reveal());
    const auto is_new = crypto::unverified_claims(response.id_token.reveal());
    if (!original || !is_new) return; // encrypted, or not of OpenID Connect: nobody here can compare them
    const auto fault = core::check_refreshed_id_token(*original, *is_new, service->now().wall);
    if (!fault) return;
    failure_detail_ = "id_token: " + fault.text;
    response.outcome = verdict::quarantined;
    response.cause = errc::malformed_response;
    response.access_token.wipe();
    response.id_token.wipe();
}

} // namespace afresh::detail
