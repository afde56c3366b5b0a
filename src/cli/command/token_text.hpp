#pragma once
// A token as programs want to have it.

#include <afresh/access_token.hpp>
#include <afresh/secret_string.hpp>

#include <chrono>
#include <string>
#include <string_view>

namespace afresh::cli {

// raw, json, header, env, exec-credential (kubectl), git-credential; ends with a line end.
secret_string token_text(const access_token& token, std::string_view format);
std::string rfc3339(std::chrono::system_clock::time_point t); // "2026-11-29T12:00:00Z"

} // namespace afresh::cli
