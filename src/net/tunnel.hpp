#pragma once
// Through a proxy to somebody else: HTTP CONNECT (RFC 9110 9.3.6) and SOCKS5 (RFC 1928, RFC 1929). Asio.

#include "core/url.hpp"
#include "net/connection.hpp"

#include <afresh/secret_string.hpp>

namespace afresh::net {

struct proxy {
    enum class kind {
        http,
        socks5,  // names are looked up here
        socks5h, // names are looked up there
    };
    kind what = kind::http;
    std::string host;
    std::uint16_t port{};
    std::string user;
    secret_string password;
    bool is_socks() const noexcept { return what != kind::http; }
    // For the Proxy-Authorization field (RFC 7617); empty when there is no user.
    secret_string basic_credentials() const;
};

// `link` is connected to the proxy; afterwards it is as if connected to `to`. Its limit is the caller's to set. Fails
// with proxy_refused, resolve_failed, connection_lost or operation_aborted; `detail` says what the proxy said.
asio::awaitable<error_code> open_tunnel(connection& link, const proxy& through, const core::url_parts& to,
                                        address_book& names, clock::time_point until, std::string& detail);

} // namespace afresh::net
