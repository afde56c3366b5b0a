#pragma once
// The little that Afresh needs of URLs, over Boost.URL: parts for a connection, and the origin (RFC 6454). Pure.

#include <afresh/error.hpp>
#include <afresh/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace afresh::core {

struct url_parts {
    // "https://api.example.com", in lower case, with the port only when it is not the scheme's own; IPv6 in brackets
    std::string origin;
    std::string target; // path and query, at least "/"; no fragment
    std::uint16_t port{};
    bool is_https() const noexcept { return origin.starts_with("https:"); }
    std::string_view scheme() const noexcept { return is_https() ? "https" : "http"; }
    std::string_view host() const noexcept; // an IPv6 address without brackets
    // localhost, 127.0.0.0/8, ::1
    bool is_loopback() const noexcept;
    // for the Host field: host, with port when it is not the scheme's own
    std::string_view authority() const noexcept { return std::string_view(origin).substr(scheme().size() + 3); }
};

// An absolute http(s) URL with a host. Refused with errc::invalid_argument: anything else, user information, control
// characters, spaces.
result<url_parts> parse_url(std::string_view url);

} // namespace afresh::core
