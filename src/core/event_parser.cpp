#include "core/event_parser.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace afresh::core {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

} // namespace

error_code event_parser::read(std::string_view piece)
{
    while (!piece.empty()) {
        if (std::exchange(after_cr_, false) && piece.front() == '\n') {
            piece.remove_prefix(1);
            continue;
        }
        const auto end = std::min(piece.find_first_of("\r\n"), piece.size());
        if (line_.size() + end + data_.size() > most_) return errc::body_limit;
        line_ += piece.substr(0, end);
        piece.remove_prefix(end);
        if (piece.empty()) break;
        after_cr_ = piece.front() == '\r';
        piece.remove_prefix(1);
        take_line(line_);
        line_.clear();
    }
    return {};
}

void event_parser::take_line(std::string_view line)
{
    if (std::exchange(at_begin_, false) && line.starts_with(byte_order_mark))
        line.remove_prefix(byte_order_mark.size());
    if (line.empty()) return dispatch();
    const auto colon = line.find(':');
    std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (colon != 0) take_field(line.substr(0, colon), value); // else it is a comment
}

void event_parser::take_field(std::string_view name, std::string_view value)
{
    if (name == "event") {
        type_ = value;
    } else if (name == "data") {
        if (has_data_) data_ += '\n';
        data_ += value;
        has_data_ = true;
    } else if (name == "id") {
        if (value.find('\0') == std::string_view::npos) id_ = value;
    } else if (name == "retry") {
        unsigned number{};
        const auto [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (ec == std::errc() && end == value.data() + value.size()) pause_ = std::chrono::milliseconds(number);
    }
}

void event_parser::dispatch()
{
    last_id_ = id_;
    if (has_data_) ready_.push_back({type_.empty() ? "message" : std::move(type_), std::move(data_), last_id_});
    type_.clear();
    data_.clear();
    has_data_ = false;
}

std::optional<http_event> event_parser::next()
{
    if (ready_.empty()) return std::nullopt;
    std::optional<http_event> e(std::move(ready_.front()));
    ready_.pop_front();
    return e;
}

void event_parser::restart()
{
    line_.clear();
    id_ = last_id_;
    type_.clear();
    data_.clear();
    has_data_ = false;
    after_cr_ = false;
    at_begin_ = true;
}

} // namespace afresh::core
