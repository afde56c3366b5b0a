#pragma once
// Secrets taken out of a text that somebody else wrote. Pure.

#include <afresh/secret_string.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::core {

// Finds a secret as it is, percent-encoded (as a form or a URL has it), and inside something encoded with base64, of
// either alphabet and at any offset: Basic credentials above all. Of base64 the characters that belong to the secret
// alone are masked; the one left at each edge tells four bits of it at
// the most.
class secret_mask {
public:
    // Secrets of less than four characters are left: masking them would destroy every word and protect nothing.
    void add(std::string_view secret);

    // `text` with "***" for each secret; its work ends once the result has `limit` characters.
    std::string operator()(std::string_view text, std::size_t limit) const;

private:
    void add_base64(std::string_view secret);

    std::vector<secret_string> forms_;
};

} // namespace afresh::core
