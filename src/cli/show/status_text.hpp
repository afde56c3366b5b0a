#pragma once
// What a source's status says, in words and figures.

#include <afresh/status.hpp>

#include <string>
#include <string_view>

namespace afresh::cli {

std::string_view name_of(source_state state) noexcept; // a word
std::string failure_text(const source_status& s);      // of the last failure
double seconds_left(const source_status& s);           // of a token that is known to expire

} // namespace afresh::cli
