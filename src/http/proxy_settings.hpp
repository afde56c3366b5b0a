#pragma once
// Which proxy a URL is called through, if any. Pure, but for the environment in proxy_options::from_environment().

#include "core/url.hpp"
#include "net/tunnel.hpp"

#include <afresh/proxy_options.hpp>

#include <optional>

namespace afresh::http {

class proxy_settings {
public:
    // Throws system_error(errc::invalid_argument), which names the member and never shows a password.
    explicit proxy_settings(const proxy_options& options);
    // Null: directly.
    const net::proxy* for_url(const core::url_parts& to) const;

private:
    std::optional<net::proxy> for_https_;
    std::optional<net::proxy> for_http_;
    std::vector<std::string> without_;
};

// One entry of NO_PROXY against a host and port.
bool matches_no_proxy(std::string_view entry, const core::url_parts& to);

} // namespace afresh::http
