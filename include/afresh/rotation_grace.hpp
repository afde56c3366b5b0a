#pragma once
/// @file
/// How long well-known authorization servers let a refresh token be used again after it was rotated, as they come out of
/// the box. For `refresh_policy::rotation_grace`; where the server's administrator has set another value, use that.

#include <chrono>

namespace afresh::rotation_grace {

using std::chrono::milliseconds;

/// A second use ends the grant, however soon. node-oidc-provider; Ory Hydra (`rotation_grace_period` unset); Keycloak
/// with "Revoke Refresh Token" and reuse 0; Curity; Auth0 with an overlap of 0; Amazon Cognito with a retry grace of 0.
inline constexpr milliseconds none{0};
/// Supabase Auth: the same successor again ("reuse interval").
inline constexpr milliseconds supabase{10'000};
/// Okta.
inline constexpr milliseconds okta{30'000};
/// Atlassian.
inline constexpr milliseconds atlassian{600'000};
/// Refresh tokens that are not spent by use: Duende IdentityServer from version 7 on, OpenIddict, Keycloak as installed.
/// Matrix, too: there the old one is good until its successor, or the access token that came with it, is used.
inline constexpr milliseconds reusable = std::chrono::hours(24 * 365);

} // namespace afresh::rotation_grace
