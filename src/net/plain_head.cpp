#include "net/plain_head.hpp"

#include "core/text.hpp"

#include <charconv>

namespace afresh::net {
namespace {

using core::iequals;

constexpr std::size_t usual_fields = 12; // so that few must be moved

std::optional<std::string_view> take_line(std::string_view& rest)
{
    const std::size_t end = rest.find('\r');
    if (end == std::string_view::npos || end + 1 == rest.size() || rest[end + 1] != '\n') return {};
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    return line;
}

// All of `text`, and nothing but digits.
template <class Number>
bool read_number(std::string_view text, Number& into)
{
    const char* const end = text.data() + text.size();
    const auto [at, bad] = std::from_chars(text.data(), end, into);
    return bad == std::errc() && at == end;
}

// With a body (RFC 9110 6.4.1), and neither an answer to nothing (408) nor of a class that nobody knows.
bool read_status_line(std::string_view line, unsigned& status)
{
    constexpr std::string_view version = "HTTP/1.1 ";
    constexpr std::size_t digits = 3;
    if (!line.starts_with(version)) return false;
    line.remove_prefix(version.size());
    if (line.size() <= digits || line[digits] != ' ' || !read_number(line.substr(0, digits), status)) return false;
    if (!core::is_field_value(line)) return false;
    return status >= 200 && status < 600 && status != 204 && status != 304 && status != 408;
}

bool take_field(std::string_view line, answer_head& into, std::optional<std::uint64_t>& length)
{
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = core::without_blanks(line.substr(colon + 1));
    if (!core::is_http_token(name) || !core::is_field_value(value)) return false; // a folded value has no name
    if (iequals(name, "Transfer-Encoding") || iequals(name, "Upgrade") || iequals(name, "Proxy-Connection"))
        return false;
    if (iequals(name, "Connection")) {
        const bool closes = iequals(value, "close");
        if (!closes && !iequals(value, "keep-alive")) return false;
        into.persistent = into.persistent && !closes;
    }
    if (iequals(name, "Content-Length"))
        if (length || !read_number(value, length.emplace())) return false;
    into.fields.append(name, value);
    return true;
}

} // namespace

std::optional<plain_extent> read_plain_head(std::string_view bytes, answer_head& into)
{
    std::string_view rest = bytes;
    auto line = take_line(rest);
    if (!line || !read_status_line(*line, into.status)) return {};
    into.persistent = true;
    into.fields.reserve(usual_fields);
    std::optional<std::uint64_t> length;
    for (line = take_line(rest); line && !line->empty(); line = take_line(rest))
        if (!take_field(*line, into, length)) return {};
    if (!line || !length) return {};
    return plain_extent{bytes.size() - rest.size(), *length};
}

} // namespace afresh::net
