#pragma once
// Where to listen.

#include <boost/asio/generic/stream_protocol.hpp>

#include <string>

namespace afresh::cli {

namespace asio = boost::asio;

// "127.0.0.1:8080", "[::1]:8080", "unix:/run/x.sock", or "systemd:NAME" (sd_listen_fds(3)).
struct listen_address {
    asio::generic::stream_protocol::endpoint endpoint; // of systemd's: what its socket is bound to
    std::string socket_file;                           // of a UNIX socket that is ours
    int inherited = -1;                                // systemd's descriptor
    bool is_local{};                                   // nobody beyond this machine reaches it
    bool is_unix() const { return endpoint.protocol().family() == AF_UNIX; }
};
// Throws std::runtime_error.
listen_address parse_listen_address(const std::string& text);
// `text` with the port that it was bound to.
std::string bound_name(const std::string& text, const asio::generic::stream_protocol::endpoint& bound);

} // namespace afresh::cli
