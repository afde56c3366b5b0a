#pragma once
// The claims of the JWT by which a client proves who it is (RFC 7523 3, OpenID Connect Core 9). Pure.

#include <afresh/client_registration.hpp>

#include <boost/json/object.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace afresh::core {

// As short as clocks allow: a server remembers each `jti` that long.
inline constexpr std::chrono::seconds assertion_lifetime{60};

// RFC 7515 4.1; no key id: an empty one.
std::string jose_header(std::string_view algorithm, std::string_view key_id, std::string_view type);
bool proves_by_assertion(const client_registration& registration) noexcept;
std::string assertion_header(const client_registration& registration);
// The claims that all assertions have (RFC 7523 3). `jti` is fresh for each.
boost::json::object assertion_claims(std::string_view issuer, std::string_view subject, std::string_view audience,
                                     std::string_view jti, std::chrono::system_clock::time_point now,
                                     std::chrono::seconds lifetime);
// A client's own. Its audience is the issuer and nothing else: with the URL of an endpoint, which a hostile server may have named in its
// metadata, the assertion would be good elsewhere (FAULTS B10).
std::string assertion_claims(const client_registration& registration, std::string_view jti,
                             std::chrono::system_clock::time_point now);

} // namespace afresh::core
