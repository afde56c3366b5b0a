#pragma once
/// @file
/// Bodies of requests that are not in memory as a whole.

#include <afresh/export.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace afresh {

namespace asio = boost::asio;

/// Where a request's body comes from, piece by piece: `http_request("PUT", url).body(source)`. It is asked for a piece
/// only when the one before has left (back-pressure), and not at all when the server answers early.
///
/// @par Executors     Awaited on a strand of the client's executor, by one request at a time.
/// @par Cancellation  A read under way is cancelled (terminal) when the call is, or when the server's answer makes the
///                    rest of the body superfluous.
class AFRESH_EXPORT body_source {
public:
    virtual ~body_source() = default;
    /// The next piece, at most as much as there is room for. 0: the end. What it throws ends the call with
    /// errc::body_failed.
    virtual asio::awaitable<std::size_t> read_some(asio::mutable_buffer into) = 0;
    /// What the client calls: the same, but the piece need not be in `room`, nor be so small. A source that has its bytes
    /// in memory says where they are, instead of copying them; there they stay until the next call. By default,
    /// `read_some(room)`.
    virtual asio::awaitable<asio::const_buffer> read_piece(asio::mutable_buffer room);
    /// If it is known, it is announced (Content-Length); else the body is sent in chunks.
    virtual std::optional<std::uint64_t> size() const { return std::nullopt; }
    /// Whether `rewind()` works.
    virtual bool can_rewind() const { return false; }
    /// Goes back to the beginning, for a redirect, a retry or the replay after a 401. False: it cannot.
    virtual bool rewind() { return false; }
};

/// A regular file. Its size is announced, and it can rewind.
/// Reading blocks the thread for as long as the disk takes.
/// @par Exceptions    `boost::system::system_error`: the file cannot be opened, or is no regular file.
AFRESH_EXPORT std::shared_ptr<body_source> make_file_body(const std::string& path);
/// A pipe, socket or terminal; the descriptor is the source's from here on. Neither size nor rewind.
AFRESH_EXPORT std::shared_ptr<body_source> make_descriptor_body(asio::any_io_executor executor, int descriptor);
/// What `next` returns, one piece after another, until it returns an empty one. `rewind`, if there is one, makes it
/// begin anew.
AFRESH_EXPORT std::shared_ptr<body_source> make_generator_body(std::function<asio::awaitable<std::string>()> next,
                                                               std::function<void()> rewind = {});

} // namespace afresh
