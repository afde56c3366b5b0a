#pragma once
#include <string>
namespace afresh::detail {
// For a terminal, dark on light, two rows a line; empty: built without libqrencode, or too long.
std::string qr_code(const std::string& text);
} // namespace afresh::detail
