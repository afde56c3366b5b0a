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
    boost::json::object header;
    const signing_key& key = registration.key();
    header["alg"] = key ? std::string_view(key.algorithm()) : std::string_view("HS256");
    if (key && !key.key_id().empty()) header["kid"] = key.key_id();
    header["typ"] = "JWT";
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
