#pragma once
// Reading what an authorization server says of itself (RFC 8414, OpenID Connect Discovery 4), and FAULTS B8. Pure.

#include "core/token_request.hpp"

#include <afresh/server_metadata.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace afresh::core {

struct metadata_rules {
    bool refuse_private_addresses{}; // as URLs name them: what a name resolves to is not known here
    bool plain_http_allowed{};
};

// https, a host, and neither query nor fragment (RFC 8414 2).
config_fault check_issuer(const std::string& issuer, const metadata_rules& rules);
// Where to ask, in this order: OpenID Connect Discovery 4 appends, RFC 8414 3.1 inserts.
std::vector<std::string> metadata_urls(const std::string& issuer);

struct metadata_reading {
    server_metadata value;
    config_fault fault; // errc::invalid_metadata: nothing of it may be used
};
metadata_reading read_metadata(std::string_view json, const std::string& issuer, const metadata_rules& rules);

// 10.0.0.0/8, 169.254.0.0/16, fc00::/7, fe80::/10... written as an address; loopback too.
bool is_private_address(std::string_view host) noexcept;

} // namespace afresh::core
