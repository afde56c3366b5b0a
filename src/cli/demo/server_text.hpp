#pragma once
// The little that the demo's server needs of names and encodings.

#include <string>
#include <string_view>

namespace afresh::cli {

std::string random_name();                 // 128 bits, in lower-case hexadecimal
std::string base64(std::string_view text); // RFC 4648 4
// The value of a form parameter that needs no decoding, as all that the server hands out; empty when there is none.
std::string_view form_value(std::string_view body, std::string_view name);

} // namespace afresh::cli
