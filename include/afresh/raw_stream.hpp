#pragma once
/// @file
/// The connection under a protocol of somebody else's, as an AsyncStream whose type says nothing of TLS or sockets.

#include <afresh/error.hpp>
#include <afresh/export.hpp>

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>

#include <memory>

namespace afresh {

namespace asio = boost::asio;

/// Meets the requirements of Asio's AsyncReadStream and AsyncWriteStream. Not thread-safe: use it on `get_executor()`,
/// which is a strand.
class AFRESH_EXPORT raw_stream {
public:
    using executor_type = asio::any_io_executor;
    using handler_type = asio::any_completion_handler<void(error_code, std::size_t)>;

    /// What carries the bytes.
    class link {
    public:
        virtual ~link() = default;
        virtual executor_type get_executor() = 0;
        virtual void read_some(asio::mutable_buffer into, handler_type handler) = 0;
        virtual void write_some(asio::const_buffer from, handler_type handler) = 0;
        virtual void close() = 0;
    };
    explicit raw_stream(std::shared_ptr<link> l) noexcept : link_(std::move(l)) {}

    executor_type get_executor() const { return link_->get_executor(); }

    template <class MutableBufferSequence, asio::completion_token_for<void(error_code, std::size_t)> CompletionToken>
    auto async_read_some(const MutableBufferSequence& buffers, CompletionToken&& token)
    {
        return asio::async_initiate<CompletionToken, void(error_code, std::size_t)>(
            [](auto&& handler, std::shared_ptr<link> l, asio::mutable_buffer into) {
                l->read_some(into, handler_type(std::forward<decltype(handler)>(handler)));
            },
            token, link_, first_of<asio::mutable_buffer>(buffers));
    }
    template <class ConstBufferSequence, asio::completion_token_for<void(error_code, std::size_t)> CompletionToken>
    auto async_write_some(const ConstBufferSequence& buffers, CompletionToken&& token)
    {
        return asio::async_initiate<CompletionToken, void(error_code, std::size_t)>(
            [](auto&& handler, std::shared_ptr<link> l, asio::const_buffer from) {
                l->write_some(from, handler_type(std::forward<decltype(handler)>(handler)));
            },
            token, link_, first_of<asio::const_buffer>(buffers));
    }

    /// How Beast ends a connection: at once.
    friend void beast_close_socket(raw_stream& s) { s.link_->close(); }

private:
    // "some": of one buffer, the first that holds anything.
    template <class Buffer, class Sequence>
    static Buffer first_of(const Sequence& buffers)
    {
        const auto end = asio::buffer_sequence_end(buffers);
        for (auto it = asio::buffer_sequence_begin(buffers); it != end; ++it)
            if (const Buffer b(*it); b.size() > 0) return b;
        return Buffer();
    }

    std::shared_ptr<link> link_;
};

} // namespace afresh
