#pragma once
/// @file
/// Signing in on another device (RFC 8628): for programs without a browser.

#include <afresh/sign_in.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace afresh {

namespace detail {
class device_flow;
}

/// What the user is shown (RFC 8628 3.2, 3.3).
struct AFRESH_EXPORT device_prompt {
    device_prompt() = default;
    std::string user_code;
    std::string verification_uri;
    std::string verification_uri_complete; ///< with the code in it; empty: the server gives none
    std::chrono::seconds expires_in{};
    /// Code, link and, where Afresh is built with libqrencode, a QR code of the link, for a terminal with UTF-8.
    std::string text() const;
};

/// The device authorization flow: made for `source_options::on_sign_in`, or to be run by hand.
///
/// @par Thread safety Distinct objects: safe, also as copies. Shared objects: safe, except for assignment and destruction.
class AFRESH_EXPORT device_sign_in {
public:
    /// `show` is told what the user must see; it must not block. Of `options`, scope, resources, authorization_details and
    /// parameters count.
    /// @par Exceptions    As `authorization_code`'s constructor, and `errc::invalid_argument` without `show`.
    device_sign_in(provider server, client_registration client, sign_in_options options,
                   std::function<void(const device_prompt&)> show);

    /// Asks for a code, shows it, and asks the server until the user has approved it. The interval is the server's (5 s if it
    /// says none), 5 s longer after each `slow_down`, doubled (to a minute at most) after each answer that is lost.
    ///
    /// @par Errors        Thrown as `sign_in_error`:
    ///                    errc::sign_in_refused: `access_denied` or `expired_token`; `said()` tells which.
    ///                    errc::sign_in_lost: the code was spent by a request whose answer was lost.
    ///                    errc::wait_timed_out: nobody approved it while it was good.
    ///                    Others as `authorization_code`.
    /// @par Cancellation  terminal: asks no more.
    asio::awaitable<signed_in> run() const;
    /// The same, for `source_options::on_sign_in`.
    asio::awaitable<token_set> operator()() const;

private:
    std::shared_ptr<detail::device_flow> impl_;
};

} // namespace afresh
