#pragma once
// A response out of bytes, strictly (RFC 9112). Boost.Beast's parser is behind it for all but the
// plainest, and only in the .cpp. No I/O.

#include "net/body_text.hpp"
#include "net/line_gate.hpp"
#include "net/plain_head.hpp"

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace afresh::net {

// What Beast before Boost 1.91 lets through and this does not: Content-Length with Transfer-Encoding in one order,
// codings other than a single `chunked`, framing fields in a trailer, a bare LF or NUL in a chunk line. Interim responses
// (1xx) are passed over; 101 is refused, as nobody asked for it. Trailers are dropped (RFC 9110 6.5.1).
//
// Where RFC 9112 leaves a choice, the answer is taken if nobody could understand it in another way, and the connection
// is not used again if anything about the framing was odd: equal Content-Lengths (6.3), a body announced by a 1xx or a
// 204 (6.1), an obs-fold, which is a space (5.2). Status codes from 600 on are no success and no more (RFC 9110 15).
class response_reader {
public:
    struct limits {
        std::size_t header; // of all interim responses and the final one, chunk extensions and trailers, together
        std::size_t body;
    };
    // `to_head`: the request's method was HEAD
    response_reader(bool to_head, limits l);
    ~response_reader();
    response_reader(const response_reader&) = delete;
    response_reader& operator=(const response_reader&) = delete;

    // Takes what it can from the front of `bytes` and says how much; the rest must be presented again, with more behind
    // it. Takes nothing any more once is_done(). Errors: malformed_http, header_limit, body_limit.
    std::size_t read(std::string_view bytes, error_code& ec);
    // The peer ended the stream in good order. connection_lost, unless the end of the stream is the end of the body.
    error_code end();

    // The final answer's header is there; status() and fields() count.
    bool has_head() const noexcept;
    unsigned interim() const noexcept { return interim_; } // answers passed over
    bool is_done() const noexcept;

    std::size_t body_size() const noexcept { return body_.text().size(); }
    // From here on only after has_head().
    unsigned status() const noexcept { return head_.status; }
    http_fields& fields() noexcept { return head_.fields; }
    std::string& body() noexcept { return body_.text(); } // what has come of it; may be taken away in pieces
    // From here on only after is_done().
    bool keep_alive() const noexcept; // the peer means to go on, and nothing about the framing was odd
    std::optional<std::chrono::seconds> keep_alive_for() const noexcept; // `Keep-Alive: timeout=`
    http_response take();

private:
    class parser;
    std::size_t begin(std::string_view bytes);
    std::size_t read_plain_body(std::string_view bytes);
    std::size_t parse(std::string_view bytes, error_code& ec);
    std::size_t read_lines(std::string_view rest, error_code& ec);

    const bool to_head_;
    limits left_;
    line_gate gate_;
    unsigned interim_{};
    bool odd_interim_{};
    answer_head head_;
    body_text body_;
    std::optional<std::uint64_t> plain_left_; // of the body, behind a plain header
    std::unique_ptr<parser> parser_;          // of an answer with any other
};

} // namespace afresh::net
