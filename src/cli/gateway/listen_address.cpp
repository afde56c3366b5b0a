#include "cli/gateway/listen_address.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

namespace afresh::cli {
namespace {

using asio::ip::tcp;
using endpoint = asio::generic::stream_protocol::endpoint;

[[noreturn]] void fail(const std::string& address, const std::string& why)
{
    throw std::runtime_error("listen: " + address + ": " + why);
}

// Names without a socket, and sockets without a name (they are "unknown" then), are none.
std::map<std::string, int> inherited_sockets()
{
    std::map<std::string, int> all;
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    const char* const names = std::getenv("LISTEN_FDNAMES");
    if (!pid || !count || !names || std::atol(pid) != ::getpid()) return all;
    std::string left = names;
    for (int i = 0; i < std::atoi(count); ++i) {
        const std::size_t end = std::min(left.find(':'), left.size());
        all.emplace(left.substr(0, end), 3 + i);
        left.erase(0, end + 1);
    }
    return all;
}

bool is_loopback(const endpoint& e)
{
    if (e.protocol().family() == AF_UNIX) return true;
    tcp::endpoint as_tcp;
    if (e.size() > as_tcp.capacity()) return false;
    std::memcpy(as_tcp.data(), e.data(), e.size());
    return as_tcp.address().is_loopback();
}

listen_address systemd_address(const std::string& text, const std::string& name)
{
    const auto all = inherited_sockets();
    const auto found = all.find(name);
    if (found == all.end()) {
        std::string there;
        for (const auto& [n, fd] : all) (there += there.empty() ? "" : ", ") += n;
        fail(text, there.empty() ? "systemd has passed no sockets; write a .socket unit with FileDescriptorName="
                                 : "systemd has passed no socket of this name, but " + there);
    }
    listen_address a;
    a.inherited = found->second;
    ::sockaddr_storage bound{};
    ::socklen_t size = sizeof bound;
    if (::getsockname(a.inherited, reinterpret_cast<::sockaddr*>(&bound), &size) != 0) fail(text, std::strerror(errno));
    a.endpoint = endpoint(&bound, size, 0);
    a.is_local = is_loopback(a.endpoint);
    return a;
}

listen_address unix_address(const std::string& text, std::string path)
{
    if (path.empty() || path.size() > 100) fail(text, "the path is empty or too long");
    listen_address a;
    a.endpoint = asio::local::stream_protocol::endpoint(path);
    a.socket_file = std::move(path);
    a.is_local = true;
    return a;
}

} // namespace

listen_address parse_listen_address(const std::string& text)
{
    if (text.starts_with("unix:")) return unix_address(text, text.substr(5));
    if (text.starts_with("systemd:")) return systemd_address(text, text.substr(8));
    const auto colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    unsigned port = 0;
    const char* const end = text.data() + text.size();
    const bool number = colon != std::string::npos && colon + 1 < text.size() &&
                        std::from_chars(text.data() + colon + 1, end, port).ptr == end && port <= 65535;
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(host, ec);
    if (!number || ec)
        fail(text, "is no address; write 127.0.0.1:8080, [::1]:8080, unix:/run/afresh/api.sock or systemd:NAME");
    listen_address a;
    a.endpoint = tcp::endpoint(address, static_cast<std::uint16_t>(port));
    a.is_local = address.is_loopback();
    return a;
}

std::string bound_name(const std::string& text, const endpoint& bound)
{
    if (text.starts_with("systemd:") || bound.protocol().family() == AF_UNIX) return text;
    tcp::endpoint as_tcp;
    std::memcpy(as_tcp.data(), bound.data(), bound.size());
    return text.substr(0, text.rfind(':') + 1) + std::to_string(as_tcp.port());
}

} // namespace afresh::cli
