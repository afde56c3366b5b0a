#include "crypto/half_hash.hpp"

#include "core/strict_json.hpp"
#include "crypto/base64.hpp"
#include "crypto/signature.hpp"

#include <openssl/evp.h>

#include <array>

namespace afresh::crypto {

std::string half_hash_for(std::string_view id_token, std::string_view text)
{
    const auto header = from_base64url(id_token.substr(0, id_token.find('.')));
    const auto members = header ? core::strict_object(header->reveal()) : std::nullopt;
    const auto alg = members ? algorithm_named(core::text_member(*members, "alg")) : std::nullopt;
    if (!alg) return {};
    const std::string_view name = name_of(*alg);
    const EVP_MD* const digest = name.ends_with("256")   ? EVP_sha256()
                                 : name.ends_with("384") ? EVP_sha384()
                                                         : EVP_sha512(); // Ed25519 is made with it
    std::array<char, EVP_MAX_MD_SIZE> out{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(out.data()), &size, digest, nullptr) != 1)
        return {};
    return base64url({out.data(), size / 2});
}

} // namespace afresh::crypto
