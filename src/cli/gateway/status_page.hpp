#pragma once
#include <string_view>
namespace afresh::cli {
// The page that operators look at; it asks for the other two, and for /events.
extern const std::string_view status_html, status_css, status_js;
} // namespace afresh::cli
