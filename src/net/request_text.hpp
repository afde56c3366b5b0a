#pragma once
// A request as the bytes to send (RFC 9112 2 and 3). No I/O.

#include "core/url.hpp"

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>
#include <afresh/result.hpp>

#include <string>

namespace afresh::net {

enum class after_response { keep_open, close };
enum class target_form { origin, absolute }; // RFC 9112 3.2; absolute: to a proxy

struct request_text_options {
    after_response then = after_response::keep_open;
    target_form form = target_form::origin;
    // Further fields, which take the place of the request's own of the same names: credentials.
    const http_fields* more = nullptr;
    std::string_view upgrade{};         // to this protocol (RFC 9110 7.8)
    std::string_view accept_encoding{}; // unless the request says what it accepts
    bool expect_continue{};
};

// Request line, header and, when it is in memory and small, the body. Wiped in the end: there are credentials in it.
class request_text {
public:
    request_text(std::string text, std::string_view body, bool expects_continue)
        : text_(std::move(text)), body_(body), expects_continue_(expects_continue)
    {
    }
    request_text(request_text&&) noexcept = default;
    request_text& operator=(request_text&&) noexcept = delete;
    ~request_text();
    std::string_view text() const noexcept { return text_; }
    bool expects_continue() const noexcept { return expects_continue_; }
    std::string_view body() const noexcept { return body_; } // what is not in text(); the request's own memory

private:
    std::string text_;
    std::string_view body_;
    bool expects_continue_;
};

// Refused with errc::invalid_argument, because it would be sent as given: a character that has no place in a method,
// target, field name or value (CR and LF above all), a field that belongs to the framing (Content-Length,
// Transfer-Encoding, ...) or to the connection, and CONNECT. `request` must outlive the result.
result<request_text> make_request_text(const http_request& request, const core::url_parts& to,
                                       const request_text_options& options);

} // namespace afresh::net
