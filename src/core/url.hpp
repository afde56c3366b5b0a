#pragma once
// The little that Afresh needs of URLs, over Boost.URL: parts for a connection, and the origin (RFC 6454). Pure.

#include <afresh/error.hpp>
#include <afresh/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace afresh::core {

struct url_parts {
    std::string scheme; // "https" or "http"
    std::string host;   // lower case; an IPv6 address without brackets
    std::uint16_t port{};
    std::string target; // path and query, at least "/"; no fragment
    // "https://api.example.com", with the port only when it is not the scheme's own; IPv6 in brackets
    std::string origin;
    bool is_https() const noexcept { return scheme == "https"; }
    // localhost, 127.0.0.0/8, ::1
    bool is_loopback() const noexcept;
    // for the Host field: host, with port when it is not the scheme's own
    std::string_view authority() const noexcept { return std::string_view(origin).substr(scheme.size() + 3); }
};

// An absolute http(s) URL with a host. Refused with errc::invalid_argument: anything else, user information, control
// characters, spaces.
result<url_parts> parse_url(std::string_view url);

} // namespace afresh::core
