#pragma once
// Character rules of the RFCs, and small conversions. Pure.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::core {

// RFC 6749 appendix B: application/x-www-form-urlencoded
void append_form_encoded(std::string& out, std::string_view text);
// RFC 4648 4
std::string base64(std::string_view bytes);
// Some server text reduced to the characters RFC 6749 5.2 allows, cut at `limit`. Others become '?'.
std::string printable(std::string_view text, std::size_t limit);
// RFC 6749 appendix A VSCHAR: printable ASCII and space, what client ids, secrets and refresh tokens are made of
bool is_vschar(std::string_view text) noexcept;
// RFC 6749 3.3: scope tokens separated by single spaces
bool is_scope(std::string_view text) noexcept;
// RFC 6750 2.1 b64token: what may follow "Bearer " in a header
bool is_b64token(std::string_view text) noexcept;
// RFC 9110 5.6.2 token (methods, field names)
bool is_http_token(std::string_view text) noexcept;
// no CR, LF, NUL or other control characters except tab: safe as a field value
bool is_field_value(std::string_view text) noexcept;
// RFC 9110 5.6.7, all three forms; `now` tells the century of the two-digit one.
std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text, std::chrono::sys_seconds now);
// RFC 9110 10.2.3: delta-seconds or a date (all three forms of 5.6.7); a date that has passed is zero. Negative or
// garbage: nothing. Not capped, but for digits beyond ten years.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, std::chrono::system_clock::time_point now);
// RFC 9110 5.6.3: spaces and tabs at either end
std::string_view without_blanks(std::string_view text) noexcept;
// RFC 9110 5.6.1: takes the next element off a comma-separated list, without the blanks around it
std::string_view take_element(std::string_view& list) noexcept;
namespace detail {
bool iequals_as_long(std::string_view a, std::string_view b) noexcept;
}
inline bool iequals(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && detail::iequals_as_long(a, b);
}

} // namespace afresh::core
