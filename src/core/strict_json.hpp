#pragma once
// JSON whose meaning nobody can dispute (RFC 8259, RFC 7493). Pure.

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::core {

// One JSON object, valid UTF-8, at most 32 deep, no number that is not finite, and in no object a member twice: of two,
// one reader believes the first and another the last. Nothing: it is not that.
std::optional<boost::json::object> strict_object(std::string_view text);

// A member's text; empty: it is missing or no text.
std::string text_member(const boost::json::object& object, std::string_view name);
// A member's number of seconds since 1970 (RFC 7519 2 NumericDate), floored; nothing: it is missing or no such number.
std::optional<std::int64_t> date_member(const boost::json::object& object, std::string_view name);
// The same of a time.
std::int64_t numeric_date(std::chrono::system_clock::time_point t) noexcept;
// A member that is true, and not anything that looks like it.
bool true_member(const boost::json::object& object, std::string_view name);

} // namespace afresh::core
