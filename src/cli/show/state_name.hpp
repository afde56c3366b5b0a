#pragma once
#include <afresh/status.hpp>

#include <string_view>

namespace afresh::cli {
std::string_view name_of(source_state state) noexcept; // a word
} // namespace afresh::cli
