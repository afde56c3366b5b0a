// What a request costs whose token is bound to a key (RFC 9449): its two fields with a fresh proof, against the ECDSA signature
// alone that is in it, by OpenSSL with everything prepared.

#include "benchmarks.hpp"

#include <afresh/authorized.hpp>
#include <afresh/token_source.hpp>

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <openssl/ec.h>
#include <openssl/evp.h>

#include <array>
#include <memory>

namespace bench {
namespace {

constexpr int times = 200;

class bare_signature {
public:
    double sample()
    {
        const stopwatch watch;
        for (int i = 0; i < times; ++i) {
            std::size_t size = out_.size();
            EVP_PKEY_sign(context_.get(), out_.data(), &size, digest_.data(), digest_.size());
            ++digest_[0]; // no two alike
            keep(out_);
        }
        return watch.ns() / times;
    }

private:
    std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_{EVP_EC_gen("P-256"), EVP_PKEY_free};
    std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context_ = [this] {
        EVP_PKEY_CTX* const c = EVP_PKEY_CTX_new(key_.get(), nullptr);
        EVP_PKEY_sign_init(c);
        return std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>(c, EVP_PKEY_CTX_free);
    }();
    std::array<unsigned char, 32> digest_{};
    std::array<unsigned char, 80> out_{};
};

} // namespace

void dpop(report& out)
{
    using namespace afresh;
    boost::asio::io_context context;
    const token_source tokens(context.get_executor(),
                              client_registration("https://as.example.com/token", "c").dpop_bound_access_tokens(),
                              grant::refresh_token({}));
    tokens.async_set_tokens(token_set()
                                .access_token(std::string(600, 't')) // as long as a JWT
                                .token_type("DPoP")
                                .expires_in(std::chrono::hours(1))
                                .dpop_key(signing_key::generate()),
                            boost::asio::detached);
    while (!tokens.try_get()) context.poll();
    const access_token token = *tokens.try_get();
    const request_target target("GET", "https://api.example.com/v1/orders?page=2");

    bare_signature bare;
    race r;
    r.add("afresh", [&] {
        const stopwatch watch;
        for (int i = 0; i < times; ++i) {
            http_fields fields;
            detail::attach_now(tokens, token, target, fields);
            keep(fields);
        }
        return watch.ns() / times;
    });
    r.add("openssl", [&] { return bare.sample(); });
    r.run(200);
    out.add({"dpop", "a request's fields, ES256", "ns", *r.best("afresh"), "EVP_PKEY_sign", r.best("openssl"),
             ratio_at_most(1.5)});
    tokens.close();
}

} // namespace bench
