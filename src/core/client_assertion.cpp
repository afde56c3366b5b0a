#include "core/client_assertion.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace afresh::core {

bool proves_by_assertion(const client_registration& registration) noexcept
{
    return registration.authentication() == client_authentication::client_secret_jwt ||
           registration.authentication() == client_authentication::private_key_jwt;
}

std::string assertion_header(const client_registration& registration)
{
    const signing_key& key = registration.key();
    return jose_header(key ? key.algorithm() : "HS256", key.key_id(), "JWT");
}

std::string jose_header(std::string_view algorithm, std::string_view key_id, std::string_view type)
{
    boost::json::object header;
    header["alg"] = algorithm;
    if (!key_id.empty()) header["kid"] = key_id;
    header["typ"] = type;
    return boost::json::serialize(header);
}

std::string assertion_claims(const client_registration& registration, std::string_view jti,
                             std::chrono::system_clock::time_point now)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    boost::json::object claims;
    claims["iss"] = registration.client_id();
    claims["sub"] = registration.client_id();
    claims["aud"] = registration.issuer();
    claims["jti"] = jti;
    claims["iat"] = seconds;
    claims["exp"] = seconds + assertion_lifetime.count();
    return boost::json::serialize(claims);
}

} // namespace afresh::core
