#include "crypto/jws.hpp"

#include "core/client_assertion.hpp"
#include "core/strict_json.hpp"
#include "crypto/base64.hpp"
#include "crypto/digest.hpp"
#include "crypto/key_holder.hpp"

#include <utility>

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

boost::asio::awaitable<std::string> sign_compact(const signing_key& key, std::string header, std::string payload)
{
    std::string input = signing_input(header, payload);
    std::string signature = co_await sign_with(key, input);
    co_return compact(std::move(input), signature);
}

std::optional<boost::json::object> unverified_claims(std::string_view jwt)
{
    const auto first = jwt.find('.'), second = jwt.rfind('.');
    if (first == second || jwt.find('.', first + 1) != second) return std::nullopt;
    const auto payload = from_base64url(jwt.substr(first + 1, second - first - 1));
    return payload ? core::strict_object(payload->reveal()) : std::nullopt;
}

boost::asio::awaitable<secret_string> client_assertion(const client_registration& registration,
                                                       std::chrono::system_clock::time_point now)
{
    if (!core::proves_by_assertion(registration)) co_return secret_string();
    std::string header = core::assertion_header(registration);
    std::string claims = core::assertion_claims(registration, random_text(16), now);
    std::string made;
    if (registration.key())
        made = co_await sign_compact(registration.key(), std::move(header), std::move(claims));
    else {
        std::string input = signing_input(header, claims);
        std::string signature = sign_hs256(registration.client_secret().reveal(), input);
        made = compact(std::move(input), signature);
    }
    secret_string kept(made);
    wipe(made);
    co_return kept;
}

} // namespace afresh::crypto
