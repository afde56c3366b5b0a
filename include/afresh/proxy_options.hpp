#pragma once
/// @file
/// Which way an HTTP client goes.

#include <afresh/export.hpp>
#include <afresh/secret_string.hpp>

#include <string>
#include <vector>

namespace afresh {

/// A proxy, and who is called without it. This machine (`localhost`, 127.0.0.0/8, ::1) always is.
struct proxy_options {
    /// The proxy for https:// URLs: `http://proxy.example:3128` (by CONNECT, RFC 9110 9.3.6), `socks5://` (names are
    /// looked up here) or `socks5h://` (there), RFC 1928; port 1080 unless named. Empty: none.
    std::string for_https{};
    /// The proxy for http:// URLs. An `http://` one is asked for absolute URLs.
    std::string for_http{};
    /// Basic credentials (RFC 7617), or those of RFC 1929. They may not be part of the URL, where logs would show them.
    std::string user{};
    secret_string password{};
    /// Host names (with all below them), addresses, networks (`10.0.0.0/8`), each with or without a port; `*`: all.
    std::vector<std::string> no_proxy{};

    /// One proxy for everything.
    static proxy_options through(const std::string& url)
    {
        proxy_options o;
        o.for_https = o.for_http = url;
        return o;
    }
    /// What HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say, in lower case or upper (but `HTTP_PROXY` in upper case
    /// not under CGI, where a request could set it). A user and password in the URL are taken out of it.
    AFRESH_EXPORT static proxy_options from_environment();
};

} // namespace afresh
