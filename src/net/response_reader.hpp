#pragma once
// A response out of bytes, strictly (RFC 9112). Boost.Beast's parser is behind it, and only in the .cpp. No I/O.

#include <afresh/error.hpp>
#include <afresh/http_message.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace afresh::net {

// What Beast before Boost 1.91 lets through and this does not: Content-Length with Transfer-Encoding in one order,
// codings other than a single `chunked`, framing fields in a trailer. Interim responses (1xx) are passed over; 101 is
// refused, as nobody asked for it. Trailers are dropped (RFC 9110 6.5.1).
class response_reader {
public:
    struct limits {
        std::size_t header; // of all interim responses and the final one together
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

    // From here on only after has_head().
    unsigned status() const noexcept;
    http_fields& fields() noexcept;
    std::string& body() noexcept;           // what has come of it; may be taken away in pieces
    std::size_t body_size() const noexcept; // 0 before
    // From here on only after is_done().
    bool keep_alive() const noexcept; // the peer means to go on, and nothing about the framing was odd
    std::optional<std::chrono::seconds> keep_alive_for() const noexcept; // `Keep-Alive: timeout=`
    http_response take();

private:
    class parser;
    const bool to_head_;
    limits left_;
    unsigned interim_{};
    std::unique_ptr<parser> parser_;
};

} // namespace afresh::net
