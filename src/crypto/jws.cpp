#include "crypto/jws.hpp"

#include "core/strict_json.hpp"
#include "crypto/base64.hpp"

namespace afresh::crypto {

std::string signing_input(std::string_view header, std::string_view payload)
{
    return base64url(header) + "." + base64url(payload);
}

std::string compact(std::string signing_input, std::string_view signature)
{
    signing_input += '.';
    signing_input += base64url(signature);
    return signing_input;
}

std::optional<boost::json::object> unverified_claims(std::string_view jwt)
{
    const auto first = jwt.find('.'), second = jwt.rfind('.');
    if (first == second || jwt.find('.', first + 1) != second) return std::nullopt;
    const auto payload = from_base64url(jwt.substr(first + 1, second - first - 1));
    return payload ? core::strict_object(payload->reveal()) : std::nullopt;
}

} // namespace afresh::crypto
