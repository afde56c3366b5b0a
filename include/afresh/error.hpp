#pragma once
/// @file
/// What can go wrong, in one table: error codes, the conditions to branch on, and what the server said.

#include <afresh/export.hpp>

#include <boost/system/error_category.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/error_condition.hpp>

#include <string_view>

namespace afresh {

using error_code = boost::system::error_code;

/// Everything Afresh itself reports. Each comment ends with the remedy. Branch on `condition` rather than on single
/// codes. `boost::asio::error::operation_aborted` is reported too, and only ever means that you cancelled the
/// operation.
enum class errc {
    /// The authorization server refused the grant (RFC 6749 5.2 `invalid_grant`). Final until `set_tokens()` or
    /// `retry_grant()`: the user must sign in again.
    sign_in_required = 1,
    /// The refresh token was refused after an exchange whose answer had been lost: the server probably spent it then
    /// and saw it twice now. Remedy as for `sign_in_required`; look for the cause in the network or a crash.
    rotation_in_doubt,
    /// The authorization server refuses this client or request (`invalid_client`, `invalid_scope`, ...). Correct the
    /// registration; Afresh asks again after 1 to 15 minutes.
    misconfigured,
    /// No usable token is held and the token endpoint cannot be reached, throttles or fails. Try again later; Afresh
    /// does.
    temporarily_unavailable,
    /// The token endpoint answered success with something that is not a token response (RFC 6749 5.1). Try again later.
    malformed_response,
    /// No usable token came within `get_options::max_wait` (30 s by default). The refresh goes on; try again.
    wait_timed_out,
    /// The token is no longer usable and the source has no means to renew it. Give it tokens with `set_tokens()`.
    not_renewable,
    /// The token store failed before anything was sent, so the exchange was not risked. Repair the store.
    store_failed,
    /// The URL's origin is not one the token was configured for. Add it to `source_options::allowed_origins`.
    origin_not_allowed,
    /// A token or a credential would have travelled over plain http. Use https (http is for this machine only:
    /// `localhost`, 127.0.0.0/8, ::1).
    insecure_url,
    /// An argument or configuration value is not valid. Correct the call; a constructor's exception names the value.
    invalid_argument,
    /// The source was closed or destroyed. Make another one, if that was not meant.
    closed,
    /// The host name could not be resolved. Check the name and the resolver; retrying is safe.
    resolve_failed,
    /// The connection was refused or the network is unreachable. Nothing was sent; retrying is safe.
    connect_failed,
    /// No TCP connection within the limit. Nothing was sent; retrying is safe.
    connect_timed_out,
    /// The TLS handshake failed: unknown authority, wrong host name, expired certificate, old protocol. Check
    /// `tls_options`.
    tls_failed,
    /// The TLS handshake did not end within the limit. Nothing was sent; retrying is safe.
    tls_timed_out,
    /// The request was sent and no answer began within the limit. The server may have acted on it: repeat it only if it
    /// is idempotent.
    first_byte_timed_out,
    /// The answer stopped arriving. The server has acted on the request: repeat it only if it is idempotent.
    body_timed_out,
    /// The request took longer than its limit. If it was sent, repeat it only if it is idempotent.
    total_timed_out,
    /// No connection of the pool became free within the limit. Raise the pool's size or lower the load.
    pool_timed_out,
    /// The connection ended or broke before the answer was complete. The server may have acted on the request: repeat
    /// it only if it is idempotent.
    connection_lost,
    /// The answer's header, chunk extensions and trailers are over the limit. Raise it if you trust the server.
    header_limit,
    /// The answer's body is larger than the limit. Raise the limit if you trust the server.
    body_limit,
    /// The answer is not valid HTTP/1.1, or its framing is ambiguous (RFC 9112 6.3). The connection was dropped; the
    /// server must be corrected.
    malformed_http,
    /// More redirects than `redirect_rules::most`. Look where the URLs lead; the last answer is not returned.
    too_many_redirects,
    /// The proxy could not or would not make the connection; the exception's text says what it answered. Correct
    /// `proxy_options`, or the proxy's rules.
    proxy_refused,
    /// The answer's body is not what its `Content-Encoding` says: corrupt, cut short, or followed by something else. The
    /// server, or what stands before it, must be corrected; asking without `Accept-Encoding` may help until then.
    malformed_encoding,
    /// The status says that the call failed (400 and above), and the caller asked to be told so. See
    /// `http_status_error::response()`.
    bad_status,
    /// The request's `body_source` threw, or gave more or less than it had announced; the exception's text says which.
    /// The server may have acted on what it got. Correct the source.
    body_failed,
    /// Signed out here, but the authorization server did not confirm that it revoked the tokens (RFC 7009): it refused,
    /// or could not be reached. It may accept them until they expire. Check `revocation_endpoint`, or end the session at
    /// the server.
    revocation_failed,
    /// What the server says of itself breaks a rule of RFC 8414 or OpenID Connect Discovery: another issuer, an endpoint
    /// that is not https, no usable JSON. The exception's text names it. Nothing of it is used; correct the issuer given,
    /// or the server.
    invalid_metadata,
    /// The ID token breaks a rule of OpenID Connect Core 3.1.3.7: signature, issuer, audience, times, nonce... The
    /// exception's text names it. Nobody is signed in; look for a wrong client id or clock, or an attack.
    invalid_id_token,
    /// The authorization response is not the answer to this request: its `state` or `iss` (RFC 9207) is another, or it came
    /// twice. Nothing was sent. Start the sign-in again.
    invalid_callback,
    /// The user, or the server, refused: `access_denied`, `invalid_grant`, `expired_token`... `sign_in_error::said()` has
    /// the server's words. Start the sign-in again.
    sign_in_refused,
    /// A code was sent and the answer is lost. A code is good once, and sending it again would revoke what it brought (RFC
    /// 6749 4.1.2), so nobody does. Start the sign-in again.
    sign_in_lost,
};

/// The enumerator's name, for logs and labels.
AFRESH_EXPORT std::string_view to_string(errc e) noexcept;

/// The questions a caller really asks; compare an `error_code` with these: `if (ec == afresh::condition::retry_later)`.
enum class condition {
    /// A human must sign in: `sign_in_required`, `rotation_in_doubt`, `not_renewable`.
    sign_in = 1,
    /// The same call may succeed later without anybody doing anything. From a token source: it is trying. From a
    /// client: nobody repeats a request that the server may have acted on.
    retry_later,
    /// Somebody must correct a setting: of this program, or at the authorization server.
    misconfigured,
};

AFRESH_EXPORT const boost::system::error_category& error_category() noexcept;
AFRESH_EXPORT const boost::system::error_category& condition_category() noexcept;

inline error_code make_error_code(errc e) noexcept { return {static_cast<int>(e), error_category()}; }
inline boost::system::error_condition make_error_condition(condition c) noexcept
{
    return {static_cast<int>(c), condition_category()};
}

} // namespace afresh

template <>
struct boost::system::is_error_code_enum<afresh::errc> : std::true_type {
};
template <>
struct boost::system::is_error_condition_enum<afresh::condition> : std::true_type {
};
