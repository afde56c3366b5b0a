#pragma once
// The text/event-stream format (WHATWG HTML, "Server-sent events", 9.2.6), piece by piece in bounded memory. Pure.

#include <afresh/error.hpp>
#include <afresh/http_events.hpp>

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::core {

class event_parser {
public:
    explicit event_parser(std::size_t most) : most_(most) {}

    // body_limit: a line or an event of more than `most` bytes.
    error_code read(std::string_view piece);
    // Events in the order they were ended.
    std::optional<http_event> next();
    // A new connection: what was begun is dropped (9.2.6, at the end), what was learnt stays.
    void restart();

    // To go on after it.
    const std::string& last_id() const noexcept { return last_id_; }
    // What the server asked for.
    std::optional<std::chrono::milliseconds> pause() const noexcept { return pause_; }

private:
    void take_line(std::string_view line);
    void take_field(std::string_view name, std::string_view value);
    void dispatch();

    const std::size_t most_;
    std::string line_;
    bool after_cr_{};
    bool at_begin_ = true;
    std::string type_, data_;
    bool has_data_{};
    std::string id_, last_id_; // an id counts when its event has ended
    std::optional<std::chrono::milliseconds> pause_;
    std::deque<http_event> ready_;
};

} // namespace afresh::core
