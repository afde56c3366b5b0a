#include "core/client_assertion.hpp"

#include "core/strict_json.hpp"

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

boost::json::object assertion_claims(std::string_view issuer, std::string_view subject, std::string_view audience,
                                     std::string_view jti, std::chrono::system_clock::time_point now,
                                     std::chrono::seconds lifetime)
{
    boost::json::object claims;
    claims["iss"] = issuer;
    claims["sub"] = subject;
    claims["aud"] = audience;
    claims["jti"] = jti;
    claims["iat"] = numeric_date(now);
    claims["exp"] = numeric_date(now) + lifetime.count();
    return claims;
}

std::string assertion_claims(const client_registration& registration, std::string_view jti,
                             std::chrono::system_clock::time_point now)
{
    const std::string& id = registration.client_id();
    return boost::json::serialize(assertion_claims(id, id, registration.issuer(), jti, now, assertion_lifetime));
}

} // namespace afresh::core
