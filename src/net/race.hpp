#pragma once
// One connection to whichever address answers first (RFC 8305 5). Asio.

#include "net/address_book.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <optional>

namespace afresh::net {

using stream_socket = asio::generic::stream_protocol::socket;

// A further address is tried when the one before has failed, or has said nothing for `stagger`. The socket's I/O runs
// on `io`. Fails with connect_failed, connect_timed_out or operation_aborted.
asio::awaitable<result<stream_socket>> connect_any(asio::any_io_executor io, endpoints to, clock::duration stagger,
                                                   clock::time_point until);
// The same with the one address of a UNIX socket.
asio::awaitable<result<stream_socket>> connect_local(asio::any_io_executor io, std::string path,
                                                     clock::time_point until);

} // namespace afresh::net
