#pragma once
/// @file
/// Signing in on a desktop or from a command line (RFC 8252).

#include <afresh/sign_in.hpp>

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace afresh {

/// How the user's browser is met; goes to constructors only.
struct browser_options {
    /// Of the redirect URI, as registered; the port is free (RFC 8252 7.3).
    std::string path = "/callback";
    /// Listens on ::1 instead of 127.0.0.1.
    bool ipv6{};
    /// Shows the user the URL. Default: the system's browser (`xdg-open`, or `open`). Must not block. An exception ends the
    /// sign-in with it.
    std::function<void(const std::string& url)> open_browser{};
    /// What the page calls this program.
    std::string application = "the application";
};

/// The authorization code flow with the system's browser and a listener on loopback: made for
/// `source_options::on_sign_in`, or to be run by hand.
///
/// The port is bound before the URL is made, and shared with nobody. One answer is taken, the one with this sign-in's
/// `state`; whatever else comes (another program on this machine, a page that guesses the port) gets an error page and
/// changes nothing. The user sees a page that says how it went.
///
/// @par Thread safety Distinct objects: safe, also as copies. Shared objects: safe, except for assignment and destruction.
class AFRESH_EXPORT browser_sign_in {
public:
    /// `sign_in.redirect_uri` is left empty: it is made here.
    /// @par Exceptions    As `authorization_code`'s constructor.
    browser_sign_in(provider server, client_registration client, sign_in_options sign_in, browser_options browser = {});

    /// @par Errors        As `authorization_code::start()` and `finish()`, thrown as `sign_in_error`; and
    ///                    errc::wait_timed_out: nobody came back within `sign_in_options::limit`.
    ///                    errc::connect_failed: no port could be bound, or no browser opened.
    /// @par Cancellation  terminal: the listener closes.
    asio::awaitable<signed_in> run() const;
    /// The same, for `source_options::on_sign_in`.
    asio::awaitable<token_set> operator()() const;

private:
    std::shared_ptr<detail::code_flow> flow_;
    std::shared_ptr<const browser_options> options_;
};

} // namespace afresh
