#include "net/line_gate.hpp"

#include "core/text.hpp"

#include <algorithm>

namespace afresh::net {
namespace {

constexpr std::string_view crlf = "\r\n";

bool is_space(char c) { return c == ' ' || c == '\t'; }

std::size_t hex_digits(std::string_view text)
{
    return std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
}

// RFC 9112 7.1: 1*HEXDIG, then an extension or the end. Boost.Beast would wait for a trailer behind "0x5".
bool begins_with_size(std::string_view line)
{
    const std::size_t digits = hex_digits(line);
    return digits > 0 && (digits == line.size() || std::string_view("\r;\t ").find(line[digits]) != std::string::npos);
}

bool is_zero(std::string_view line) { return line.find_first_not_of('0') == hex_digits(line); }

} // namespace

// To the beginning of the next line.
bool line_gate::next_line(std::string_view front, error_code& ec)
{
    const std::string_view rest = front.substr(checked_);
    const std::size_t end = std::min(rest.find('\r'), rest.size());
    if (!core::is_field_value(rest.substr(0, end))) ec = errc::malformed_http;
    checked_ += end;
    if (ec || rest.size() < end + crlf.size()) return false;
    if (rest[end + 1] != '\n') ec = errc::malformed_http;
    checked_ += crlf.size();
    return !ec;
}

void line_gate::begin_line(std::string_view front)
{
    if (line_ == 0 || line_ == front.size()) return;
    if (is_space(front[line_]))
        folded_ = true;
    else
        field_ = line_;
}

std::size_t line_gate::header(std::string_view front, error_code& ec)
{
    while (next_line(front, ec)) {
        if (checked_ - line_ == crlf.size()) return checked_; // the end
        begin_line(front);
        line_ = checked_;
    }
    begin_line(front);
    return ec || field_ == 0 ? 0 : field_ + 1;
}

std::size_t line_gate::chunk(std::string_view front, bool after_data, error_code& ec)
{
    const std::size_t begin = after_data ? crlf.size() : 0;
    if (after_data && !front.starts_with(crlf.substr(0, front.size()))) ec = errc::malformed_http;
    if (ec || front.size() <= begin) return 0;
    const std::string_view line = front.substr(begin);
    if (!begins_with_size(line)) ec = errc::malformed_http;
    checked_ = std::max(checked_, begin);
    while (!ec && next_line(front, ec)) {
        const bool is_first = line_ == 0;
        if (is_first && !is_zero(line)) return checked_;
        if (!is_first && checked_ - line_ == crlf.size()) return checked_;
        line_ = checked_;
    }
    return 0;
}

} // namespace afresh::net
