#include <afresh/error.hpp>

namespace afresh {
namespace {

const char* text(errc e) noexcept
{
    switch (e) {
    case errc::sign_in_required: return "The authorization server refused the grant; the user must sign in again";
    case errc::rotation_in_doubt:
        return "The refresh token was refused after an exchange whose answer was lost; the user must sign in again";
    case errc::misconfigured:
        return "The authorization server refuses this client or request; correct the registration";
    case errc::temporarily_unavailable: return "No usable token, and the token endpoint is not available now";
    case errc::malformed_response: return "The token endpoint's answer is not a token response";
    case errc::wait_timed_out: return "No usable token came within the time the caller was willing to wait";
    case errc::not_renewable: return "The token is no longer usable and there is no grant to renew it with";
    case errc::store_failed: return "The token store failed, so no exchange was risked";
    case errc::origin_not_allowed: return "The URL's origin is not one this token may be sent to";
    case errc::insecure_url: return "A credential would have travelled over plain http";
    case errc::invalid_argument: return "An argument or configuration value is not valid";
    case errc::closed: return "The token source or client was closed";
    case errc::resolve_failed: return "The host name could not be resolved";
    case errc::connect_failed: return "The connection could not be made";
    case errc::connect_timed_out: return "The connection was not made in time";
    case errc::tls_failed: return "The TLS handshake failed";
    case errc::tls_timed_out: return "The TLS handshake did not end in time";
    case errc::first_byte_timed_out: return "The answer did not begin in time";
    case errc::body_timed_out: return "The answer stopped arriving";
    case errc::total_timed_out: return "The call took longer than its limit";
    case errc::pool_timed_out: return "No connection became free in time";
    case errc::connection_lost: return "The connection ended before the answer was complete";
    case errc::header_limit: return "The answer's header is larger than the limit";
    case errc::body_limit: return "The answer's body is larger than the limit";
    case errc::malformed_http: return "The answer is not valid HTTP/1.1";
    case errc::too_many_redirects: return "Too many redirects";
    case errc::proxy_refused: return "The proxy refused the connection";
    case errc::malformed_encoding: return "The answer's body is not what its Content-Encoding says";
    case errc::bad_status: return "The answer's status says that the call failed";
    case errc::body_failed: return "The body to be sent could not be read";
    case errc::revocation_failed:
        return "Signed out here, but the authorization server did not confirm that the tokens are revoked";
    case errc::invalid_metadata: return "The authorization server's metadata must not be used";
    case errc::invalid_id_token: return "The ID token must not be trusted";
    case errc::invalid_callback: return "The authorization response is not the answer to this request";
    case errc::sign_in_refused: return "The sign-in was refused";
    case errc::sign_in_lost: return "The code was sent and the answer was lost; the sign-in must be started again";
    }
    return "Unknown afresh error"; // outside the switch, so that -Wswitch reports a forgotten enumerator
}

const char* text(condition c) noexcept
{
    switch (c) {
    case condition::sign_in: return "A human must sign in again";
    case condition::retry_later: return "The same call may succeed later";
    case condition::misconfigured: return "A setting must be corrected";
    }
    return "Unknown afresh condition";
}

bool is(errc e, condition c) noexcept
{
    switch (e) {
    case errc::sign_in_required:
    case errc::rotation_in_doubt:
    case errc::invalid_id_token:
    case errc::invalid_callback:
    case errc::sign_in_refused:
    case errc::sign_in_lost:
    case errc::not_renewable: return c == condition::sign_in;
    case errc::temporarily_unavailable:
    case errc::malformed_response:
    case errc::wait_timed_out:
    case errc::store_failed:
    case errc::resolve_failed:
    case errc::connect_failed:
    case errc::connect_timed_out:
    case errc::tls_timed_out:
    case errc::first_byte_timed_out:
    case errc::body_timed_out:
    case errc::total_timed_out:
    case errc::pool_timed_out:
    case errc::connection_lost: return c == condition::retry_later;
    case errc::misconfigured:
    case errc::origin_not_allowed:
    case errc::insecure_url:
    case errc::invalid_argument:
    case errc::tls_failed:
    case errc::header_limit:
    case errc::body_limit:
    case errc::malformed_http:
    case errc::too_many_redirects:
    case errc::proxy_refused:
    case errc::invalid_metadata:
    case errc::malformed_encoding: return c == condition::misconfigured;
    case errc::closed:
    case errc::bad_status:
    case errc::body_failed:
    case errc::revocation_failed: return false;
    }
    return false;
}

struct error_category_impl final : boost::system::error_category {
    constexpr error_category_impl() noexcept : error_category(0x3b6f0d1e94a7c258) {}
    const char* name() const noexcept override { return "afresh"; }
    std::string message(int value) const override { return text(static_cast<errc>(value)); }
    bool equivalent(int value, const boost::system::error_condition& c) const noexcept override
    {
        if (c.category() == condition_category())
            return is(static_cast<errc>(value), static_cast<condition>(c.value()));
        return error_category::equivalent(value, c);
    }
};

struct condition_category_impl final : boost::system::error_category {
    constexpr condition_category_impl() noexcept : error_category(0x9c02e5a7716b4d3f) {}
    const char* name() const noexcept override { return "afresh.condition"; }
    std::string message(int value) const override { return text(static_cast<condition>(value)); }
};

} // namespace

std::string_view to_string(errc e) noexcept
{
    switch (e) {
    case errc::sign_in_required: return "sign_in_required";
    case errc::rotation_in_doubt: return "rotation_in_doubt";
    case errc::misconfigured: return "misconfigured";
    case errc::temporarily_unavailable: return "temporarily_unavailable";
    case errc::malformed_response: return "malformed_response";
    case errc::wait_timed_out: return "wait_timed_out";
    case errc::not_renewable: return "not_renewable";
    case errc::store_failed: return "store_failed";
    case errc::origin_not_allowed: return "origin_not_allowed";
    case errc::insecure_url: return "insecure_url";
    case errc::invalid_argument: return "invalid_argument";
    case errc::closed: return "closed";
    case errc::resolve_failed: return "resolve_failed";
    case errc::connect_failed: return "connect_failed";
    case errc::connect_timed_out: return "connect_timed_out";
    case errc::tls_failed: return "tls_failed";
    case errc::tls_timed_out: return "tls_timed_out";
    case errc::first_byte_timed_out: return "first_byte_timed_out";
    case errc::body_timed_out: return "body_timed_out";
    case errc::total_timed_out: return "total_timed_out";
    case errc::pool_timed_out: return "pool_timed_out";
    case errc::connection_lost: return "connection_lost";
    case errc::header_limit: return "header_limit";
    case errc::body_limit: return "body_limit";
    case errc::malformed_http: return "malformed_http";
    case errc::too_many_redirects: return "too_many_redirects";
    case errc::proxy_refused: return "proxy_refused";
    case errc::malformed_encoding: return "malformed_encoding";
    case errc::bad_status: return "bad_status";
    case errc::body_failed: return "body_failed";
    case errc::revocation_failed: return "revocation_failed";
    case errc::invalid_metadata: return "invalid_metadata";
    case errc::invalid_id_token: return "invalid_id_token";
    case errc::invalid_callback: return "invalid_callback";
    case errc::sign_in_refused: return "sign_in_refused";
    case errc::sign_in_lost: return "sign_in_lost";
    }
    return "unknown";
}

const boost::system::error_category& error_category() noexcept
{
    static constexpr error_category_impl instance;
    return instance;
}

const boost::system::error_category& condition_category() noexcept
{
    static constexpr condition_category_impl instance;
    return instance;
}

} // namespace afresh
