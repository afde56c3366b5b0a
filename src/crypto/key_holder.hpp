#pragma once
// Where a signing_key's private half is: here, in a file that may change, or elsewhere.

#include "crypto/signature.hpp"

#include <afresh/signing_key.hpp>

#include <memory>
#include <optional>
#include <string>

namespace afresh::detail {

class key_holder {
public:
    virtual ~key_holder() = default;
    // The key in this process; nothing: it is elsewhere.
    virtual std::optional<crypto::key> here() = 0;
    // Who signs instead.
    virtual std::shared_ptr<signer> elsewhere() { return nullptr; }
    virtual std::string public_jwk() = 0;
};

} // namespace afresh::detail
