#pragma once
// An answer whose body is still on its way, and the connection that it comes over. Asio.

#include "http/connection_pool.hpp"
#include "http/content_decoder.hpp"
#include "net/conversation.hpp"

#include <afresh/http_message.hpp>

#include <string>

namespace afresh::http {

// One coroutine at a time reads. When the end was read the connection goes back to its pool; an answer that is let go
// before that takes its connection with it.
class answer {
public:
    answer() = default; // to nothing yet
    // The header has been received, just `now`. Once.
    void begin(connection_pool::slot slot, std::unique_ptr<net::conversation> talk, net::clock::time_point now);
    answer(answer&&) noexcept = default;
    answer& operator=(answer&& other) noexcept;
    ~answer() = default;

    unsigned status() const noexcept { return status_; }
    const http_fields& fields() const noexcept { return fields_; }
    http_fields& fields() noexcept { return fields_; }

    // From here on the body comes out decoded, and the fields no longer speak of its coding (RFC 9110 8.4). `most`: of
    // what comes out.
    error_code decode(std::size_t most);

    // The next piece of the body, whatever has come; empty: the end. Errors as those of conversation, and
    // malformed_encoding.
    asio::awaitable<error_code> read_some(std::string& piece);
    // The same, if nothing is to be waited for or decoded. False: something is.
    bool try_read(std::string& piece);
    // All of it that is left, if it has come already and is to be had as it came. False: it is to be read.
    bool take_all(std::string& body, std::size_t most);
    // All of it that is left; body_limit when it is more than `most`.
    asio::awaitable<error_code> read_all(std::string& body, std::size_t most);
    // Reads ahead, so that the connection is free if that is all: then true. What was read is not lost.
    asio::awaitable<bool> read_ahead(std::size_t most, std::chrono::milliseconds time);

    bool at_end() const noexcept { return !talk_ && ahead_.empty() && !decoder_; }
    // A streamed body takes as long as it takes.
    void lift_total(bool may_leave_timer)
    {
        if (talk_) talk_->lift_total(may_leave_timer);
    }
    void drop(); // the connection is closed

private:
    asio::awaitable<error_code> receive(std::string& piece);
    bool take_piece(std::string& piece); // that has come; false: none has
    bool comes_in_one_piece(std::size_t most) const noexcept;
    error_code decode_piece(std::string& piece);
    void settle();

    connection_pool::slot slot_;              // goes last: the conversation is with its connection
    std::unique_ptr<net::conversation> talk_; // null: the end was read
    std::unique_ptr<content_decoder> decoder_;
    bool more_inside_{}; // the decoder may make more of what it has
    std::string undecoded_;
    std::string ahead_;
    std::optional<std::chrono::seconds> kept_for_; // as the server said
    net::clock::time_point came_{};                // when its last part did
    unsigned status_{};
    http_fields fields_;
};

} // namespace afresh::http
