#pragma once
// One HTTP/1.1 request and its answer over a connection, step by step. Asio.

#include "net/connection.hpp"
#include "net/response_reader.hpp"

#include <chrono>

namespace afresh::net {

struct exchange_limits {
    // zero: no such limit
    std::chrono::milliseconds first_byte{}; // from the last byte sent; also the longest pause while sending
    std::chrono::milliseconds body_idle{};  // between reads
    std::chrono::milliseconds total{};      // from the first byte sent
    clock::time_point by = clock::time_point::max();
    std::size_t header = 64 * 1024;
    std::size_t body = 8 * 1024 * 1024;
};

// Every step fails with connection_lost, a *_timed_out, header_limit, body_limit, malformed_http or operation_aborted;
// nothing is thrown for what the peer does. After a failure the connection is of no use, and neither is the rest of
// this.
class conversation {
public:
    conversation(connection& link, bool to_head, const exchange_limits& limits, clock::time_point now = clock::now());
    ~conversation(); // wipes what was read: there are tokens in answers
    conversation(const conversation&) = delete;
    conversation& operator=(const conversation&) = delete;

    asio::awaitable<error_code> send(std::string_view part);

    enum class until { interim_or_head, head, some_body, end };
    // `some_body`: more of it than there is, or the end.
    asio::awaitable<error_code> receive(until what);
    // Sends both and receives, in one coroutine for all.
    asio::awaitable<error_code> converse(std::string_view head, std::string_view body, until what);
    response_reader& answer() noexcept { return reader_; }
    const exchange_limits& limits() const noexcept { return limits_; }

    // From here on only `body_idle` counts, and that only while somebody reads.
    // `may_leave_timer`: the executor need not come to rest. Then one that is at its end, as most are, costs no timer.
    void lift_total(bool may_leave_timer)
    {
        by_ = clock::time_point::max();
        if (may_leave_timer && reader_.is_done())
            link_.limit().rest();
        else
            hold_limit();
    }
    // While a body is sent and listened to at once, the sender alone sets the limits.
    void upload_begins() noexcept { uploading_ = true; }
    void upload_ends() noexcept { uploading_ = false; }
    void hold_limit(); // not the peer is waited for: only the total counts
    void wait_for_answer();
    void spoil() noexcept { failed_ = true; } // the request was not sent to its end

    bool sent() const noexcept { return sent_; } // a byte of the request may have left this machine
    bool any_byte_received() const noexcept { return any_byte_received_; }
    bool nothing_unread() const noexcept { return begin_ == end_; }
    // After the end: the connection may carry another request.
    bool reusable() const;

private:
    void next(std::chrono::milliseconds step, errc late, clock::time_point now = clock::now());
    error_code cause(const error_code& ec) const;
    void begin_write(clock::time_point now);
    error_code end_write(const error_code& failed, std::size_t n);
    asio::mutable_buffer begin_read(error_code& ec);
    error_code end_read(const error_code& failed, std::size_t n, std::size_t room);
    error_code read_now();
    bool has(until what, std::size_t body_before) const noexcept;
    asio::mutable_buffer space();
    void grow(std::size_t size);

    connection& link_;
    const exchange_limits limits_;
    response_reader reader_;
    clock::time_point by_;
    error_code late_;
    std::size_t begin_{}, end_{}, dirty_{}; // of what is not understood yet, in the connection's inbox
    clock::time_point now_;                 // when it began
    bool sent_{};
    bool first_write_{}; // that is under way
    bool any_byte_received_{};
    bool failed_{};
    bool uploading_{};
};

} // namespace afresh::net
