#include <afresh/grant_parameters.hpp>

#include "core/client_assertion.hpp"
#include "crypto/digest.hpp"
#include "source/signing.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <utility>

namespace afresh {
namespace {

using namespace std::chrono_literals;

class signed_claims : public grant_parameters {
public:
    signed_claims(signing_key key, jwt_bearer_options options) : key_(std::move(key)), options_(std::move(options)) {}

    asio::awaitable<std::vector<http_field>> next() override
    {
        std::string header = core::jose_header(key_.algorithm(), key_.key_id(), "JWT");
        std::string claims = claims_text();
        std::string assertion = co_await detail::sign_compact(key_, std::move(header), std::move(claims));
        std::vector<http_field> fields;
        fields.emplace_back("assertion", std::move(assertion));
        co_return fields;
    }

private:
    std::string claims_text() const
    {
        auto claims = core::assertion_claims(
            options_.issuer, options_.subject.empty() ? options_.issuer : options_.subject, options_.audience,
            crypto::random_text(16), std::chrono::system_clock::now(), options_.lifetime);
        if (!options_.scope.empty()) claims["scope"] = options_.scope;
        return boost::json::serialize(claims);
    }

    signing_key key_;
    jwt_bearer_options options_;
};

[[noreturn]] void refuse(const char* why) { throw boost::system::system_error(errc::invalid_argument, why); }

} // namespace

grant jwt_bearer(signing_key key, jwt_bearer_options options)
{
    if (!key) refuse("jwt_bearer: there is no key to sign with");
    if (options.issuer.empty()) refuse("jwt_bearer: issuer is empty (RFC 7523 3)");
    if (options.audience.empty()) refuse("jwt_bearer: audience is empty; give the server's issuer (RFC 7523 3)");
    if (options.lifetime < 1s || options.lifetime > 1h) refuse("jwt_bearer: lifetime is not between 1 s and 1 h");
    return grant::extension("urn:ietf:params:oauth:grant-type:jwt-bearer",
                            std::make_shared<signed_claims>(std::move(key), std::move(options)));
}

} // namespace afresh
