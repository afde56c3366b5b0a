#pragma once
// Where a signing_key's private half is: here, in a file that may change, or elsewhere.

#include "crypto/signature.hpp"

#include <afresh/signer.hpp>
#include <afresh/signing_key.hpp>

#include <memory>
#include <string>

namespace afresh::detail {

namespace asio = boost::asio;

class key_holder {
public:
    virtual ~key_holder() = default;
    // The key in this process; nothing: it is elsewhere.
    virtual std::optional<crypto::key> here() = 0;
    virtual asio::awaitable<std::string> sign_elsewhere(std::string text) = 0;
    virtual std::string public_jwk() = 0;
};

} // namespace afresh::detail

namespace afresh::crypto {

// The raw signature of RFC 7518 3. Does not suspend for a key that is in this process. Throws what keeps it from signing.
boost::asio::awaitable<std::string> sign_with(const signing_key& key, std::string text);

} // namespace afresh::crypto
