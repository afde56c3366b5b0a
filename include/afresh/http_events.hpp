#pragma once
/// @file
/// Server-sent events (WHATWG HTML, "Server-sent events").

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace afresh {

/// One event of a stream.
struct http_event {
    std::string type; ///< `message` unless the server said another
    std::string data; ///< lines, without the last line's end
    std::string id;   ///< of this event or the last one that had any; goes to the server after a lost connection
    http_event() = default;
    http_event(std::string t, std::string d, std::string i) : type(std::move(t)), data(std::move(d)), id(std::move(i))
    {
    }
    bool operator==(const http_event&) const = default;
};

/// How a stream of events goes on when its connection is lost.
struct http_event_options {
    bool reconnect = true; ///< with `Last-Event-ID`, and with the token that is good then
    /// Before the first attempt, unless the server says another (`retry:`, `Retry-After`); doubled for each further one
    /// that fails, less up to half by chance.
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds longest_pause{30'000};
    unsigned attempts = 0;                 ///< that fail in a row end the stream; 0: no limit
    std::size_t event_limit = 1024 * 1024; ///< bytes of one event
};

} // namespace afresh
