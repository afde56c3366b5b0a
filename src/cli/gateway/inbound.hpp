#pragma once
// The connection of whoever uses the gateway: requests as they come, and the way to answer them. Beast.

#include <afresh/http_body.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::cli {

namespace asio = boost::asio;

using inbound_socket = asio::generic::stream_protocol::socket;

// One coroutine at a time. Errors are thrown as boost::system::system_error.
class inbound {
public:
    explicit inbound(inbound_socket socket);

    // The next request's header. False: the other side has gone, or said nothing for too long.
    asio::awaitable<bool> read_header();
    // Of that request.
    std::string method() const;
    std::string target() const;
    http_fields fields() const;
    bool has_body() const;
    // Whether it is short enough to be kept in memory; then it can be sent twice.
    bool is_shorter_than(std::uint64_t bytes) const;
    asio::awaitable<std::string> read_body();
    // As it comes. Outlived by this.
    std::shared_ptr<body_source> body();

    // The answer: its header, pieces of its body, and the end.
    void begin(unsigned status, const http_fields& fields);
    // What was begun leaves with the first piece; or now, if that may take long.
    asio::awaitable<void> flush();
    asio::awaitable<void> write(std::string piece);
    asio::awaitable<void> end();
    // A whole one of the gateway's own.
    asio::awaitable<void> answer(unsigned status, http_fields fields, std::string body);
    bool has_begun() const noexcept { return begun_; }
    // Another request may follow.
    bool may_go_on() const;
    bool is_draining() const noexcept { return draining_; }
    void close();
    // No further request is waited for; one that is under way is served.
    void drain();
    // The other side has neither sent nor taken anything for too long: ends what waits for it.
    void give_up_if_overdue(std::chrono::steady_clock::time_point now);

private:
    class streamed_body;
    asio::awaitable<std::size_t> read_piece(asio::mutable_buffer into);
    asio::awaitable<void> write_all(std::string_view piece);
    void wait_from_now();
    asio::awaitable<void> grant_body();

    using parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
    inbound_socket socket_;
    boost::beast::flat_buffer buffer_;
    std::string head_; // of an answer, and of a chunk: leaves with what follows
    std::chrono::steady_clock::time_point overdue_ = std::chrono::steady_clock::time_point::max();
    std::optional<parser> parser_;
    bool granted_{}; // the body that was announced with Expect: 100-continue
    bool begun_{};
    bool chunked_{};
    bool bodiless_{};
    bool keep_{};
    bool idle_{};
    bool draining_{};
};

} // namespace afresh::cli
