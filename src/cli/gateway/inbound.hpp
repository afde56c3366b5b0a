#pragma once
// The connection of whoever uses the gateway: requests as they come, and the way to answer them. Asio; Beast parses.

#include "cli/gateway/forwarding.hpp"
#include "cli/gateway/next_turn.hpp"

#include <afresh/http_body.hpp>
#include <afresh/http_message.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace afresh::cli {

namespace asio = boost::asio;

using inbound_socket = asio::generic::stream_protocol::socket;

// One coroutine at a time, on the socket's executor. Errors are thrown as boost::system::system_error.
class inbound {
public:
    // Outlived by `turn`.
    inbound(inbound_socket socket, next_turn& turn);

    // The next request's header. False: the other side has gone, said nothing for too long, or speaks no HTTP.
    asio::awaitable<bool> read_header();
    // Of that request; until the next.
    std::string_view method() const noexcept;
    std::string_view target() const noexcept;
    const field_views& fields() const noexcept { return fields_; }
    bool has_body() const { return left_ ? *left_ > 0 : !parser_->is_done(); } // that was not read yet
    std::optional<std::uint64_t> content_length() const;
    asio::awaitable<std::string> read_body();
    // As it comes. Outlived by this.
    std::shared_ptr<body_source> body();

    // The answer: its header, pieces of its body, and the end. Nothing leaves before the first piece or flush(). True:
    // the fields say how long it is.
    bool begin(unsigned status, const field_views& fields);
    // An answer after which the connection speaks another protocol.
    void switch_protocols(const field_views& fields);
    enum class more { follows, nothing };
    // As much as the system takes at once. False: flush() has the rest.
    bool write_now(std::string_view piece, more then = more::follows);
    asio::awaitable<void> flush();
    asio::awaitable<void> write(std::string piece);
    asio::awaitable<void> end();
    // A whole one of the gateway's own.
    asio::awaitable<void> answer(unsigned status, http_fields fields, std::string body);
    bool has_begun() const noexcept { return begun_; }
    // Another request may follow.
    bool may_go_on() const { return keep_ && !draining_ && !is_blocked(); }
    bool is_draining() const noexcept { return draining_; }

    // For what is no HTTP, or none any more: bytes as they come, first those that are here already. 0: the end.
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer into);
    asio::awaitable<void> write_raw(std::string_view bytes);
    // What has come and is not understood yet; waits until there is something. Empty: the end.
    asio::awaitable<std::string_view> look_ahead();
    // Asio's own, for whoever the other side is.
    inbound_socket& socket() noexcept { return socket_; }

    // After the last answer, while more of the request may come: a connection that is closed then is reset, and its
    // caller may never see the answer (RFC 9112 9.6). What comes is thrown away, for ten seconds at most.
    asio::awaitable<void> linger();
    void close();
    // No further request is waited for; one that is under way is served.
    void drain();
    // Once a second. What has waited for the other side for too long ends.
    void look_at_the_time();

private:
    class streamed_body;
    using parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

    std::optional<std::size_t> read_now();
    void rest();
    bool is_blocked() const;
    asio::awaitable<bool> skip_body();
    asio::awaitable<std::size_t> read_known(asio::mutable_buffer into);
    asio::awaitable<std::size_t> read_piece(asio::mutable_buffer into);
    bool expects_leave() const;
    asio::awaitable<void> grant_body();
    asio::awaitable<void> refuse(const boost::system::error_code& why);
    void begin_header(unsigned status, const field_views& fields);
    void send(std::string_view piece, std::string_view tail);
    void expect_something() noexcept { waited_ = 0; }
    void expect_nothing() noexcept { waited_.reset(); }

    inbound_socket socket_;
    next_turn& turn_;
    boost::beast::flat_buffer buffer_;
    std::string out_;                // what is to leave
    std::optional<unsigned> waited_; // seconds, for the other side to send or to take something
    std::optional<parser> parser_;
    field_views fields_;
    std::optional<std::uint64_t> left_; // of a body of known length
    bool granted_{};                    // the body that was announced with Expect: 100-continue
    bool begun_{};
    bool chunked_{};
    bool bodiless_{};
    bool keep_{};
    bool answered_{}; // a request, and nothing has come since
    bool idle_{};
    bool draining_{};
    bool lingers_{};
};

} // namespace afresh::cli
