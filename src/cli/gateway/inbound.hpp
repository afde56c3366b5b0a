#pragma once
// The connection of whoever uses the gateway: requests as they come, and the way to answer them. Beast.

#include <afresh/http_body.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

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
    asio::awaitable<void> begin(unsigned status, const http_fields& fields);
    asio::awaitable<void> write(std::string piece);
    asio::awaitable<void> end();
    // A whole one of the gateway's own.
    asio::awaitable<void> answer(unsigned status, http_fields fields, std::string body);
    bool has_begun() const noexcept { return begun_; }
    // Another request may follow.
    bool may_go_on() const;
    void close();
    // No further request is waited for; one that is under way is served.
    void drain();

private:
    class streamed_body;
    asio::awaitable<std::size_t> read_piece(asio::mutable_buffer into);
    asio::awaitable<void> write_all(std::string text);
    asio::awaitable<void> grant_body();

    using parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
    boost::beast::basic_stream<asio::generic::stream_protocol> stream_;
    boost::beast::flat_buffer buffer_;
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
