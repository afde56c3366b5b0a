#pragma once
/// @file
/// An authorization server or OpenID provider, as a client finds it: metadata and keys.

#include <afresh/server_metadata.hpp>
#include <afresh/time_source.hpp>
#include <afresh/transport.hpp>

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace afresh {

namespace detail {
class provider_state;
}

/// Settings of a provider; goes to its constructor only.
struct provider_options {
    std::shared_ptr<afresh::transport> transport{}; ///< default: `make_http_transport()`
    /// How long metadata and keys are used without asking again.
    std::chrono::seconds lifetime{3600};
    /// The least time between two requests for keys, whatever key ids tokens come with.
    std::chrono::seconds keys_pause{60};
    std::size_t most_keys = 100; ///< of a server; further ones are not looked at
    /// With which ID tokens may be signed. Never taken from a token; `none` and shared secrets are not possible.
    std::vector<std::string> id_token_algorithms{"RS256", "PS256", "ES256", "EdDSA"};
    /// Refuses endpoints whose URL names a private, link-local or loopback address, unless the issuer's does too (server-side
    /// request forgery). A name that resolves to one is for the transport, or a firewall, to refuse.
    bool refuse_private_addresses{};
    /// Permits http to a host that is not loopback.
    bool allow_plain_http_for_tests{};
    std::function<instant()> clock{}; ///< default: the system's clocks
};

/// What is known of one server, fetched when it is first needed, kept for `lifetime`, and fetched by one of many who ask
/// at once. When the server cannot be asked again, the last good answer goes on being used.
///
/// @par Thread safety Distinct objects: safe, also as copies, which share what was fetched. Shared objects: safe, except
///                    for assignment and destruction.
class AFRESH_EXPORT provider {
public:
    /// @par Exceptions    `sign_in_error` with `errc::invalid_argument` or `errc::insecure_url`: the issuer is no https URL.
    explicit provider(std::string issuer, provider_options options = {});
    /// A server that publishes no metadata.
    explicit provider(server_metadata known, provider_options options = {});

    const std::string& issuer() const noexcept;

    /// The server's metadata (RFC 8414 3, OpenID Connect Discovery 4).
    ///
    /// @par Errors        Thrown as `sign_in_error`:
    ///                    errc::invalid_metadata: what it answered must not be used; the text says why.
    ///                    errc::temporarily_unavailable: it could not be asked. Try again.
    /// @par Cancellation  terminal: this caller stops waiting.
    asio::awaitable<server_metadata> metadata() const;

    /// For the library's own parts.
    const std::shared_ptr<detail::provider_state>& implementation() const noexcept { return impl_; }

private:
    std::shared_ptr<detail::provider_state> impl_;
};

/// The metadata of a server, asked for once: `co_await afresh::discover("https://accounts.example.com")`. A program that
/// signs users in keeps a `provider` instead.
/// @par Errors        As `provider::metadata()`, and its constructor.
AFRESH_EXPORT asio::awaitable<server_metadata> discover(std::string issuer,
                                                        std::shared_ptr<transport> transport = nullptr);

} // namespace afresh
