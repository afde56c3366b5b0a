#pragma once
#include <string>
#include <string_view>
namespace afresh::detail {
// What the user sees in the browser at the end. `why`: empty, or why nobody is signed in.
std::string result_page(std::string_view application, std::string_view why);
} // namespace afresh::detail
