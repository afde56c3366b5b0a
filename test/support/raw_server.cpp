#include "support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace afresh::test {

namespace {

int listen_on(const char* address, std::uint16_t& port)
{
    const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, address, &at.sin_addr);
    socklen_t size = sizeof at;
    if (s < 0 || ::bind(s, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(s, 512) != 0 ||
        ::getsockname(s, reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw std::runtime_error("raw_server: cannot listen");
    port = ntohs(at.sin_port);
    return s;
}

} // namespace

std::ptrdiff_t raw_peer::read_some(char* into, std::size_t size)
{
    if (tls_) return SSL_read(tls_, into, static_cast<int>(size));
    return ::recv(socket_, into, size, 0);
}

std::string raw_peer::read_request()
{
    std::string text = std::move(ahead_);
    ahead_.clear();
    char buffer[4096];
    std::size_t whole = std::string::npos;
    for (;;) {
        if (const auto end = text.find("\r\n\r\n"); whole == std::string::npos && end != std::string::npos) {
            whole = end + 4;
            if (const auto at = text.find("Content-Length: "); at < end) whole += std::stoul(text.substr(at + 16));
        }
        if (text.size() >= whole) break;
        const auto n = read_some(buffer, sizeof buffer);
        if (n <= 0) return text;
        text.append(buffer, static_cast<std::size_t>(n));
    }
    ahead_ = text.substr(whole);
    text.resize(whole);
    return text;
}

std::string raw_peer::read_once()
{
    std::string text(16 * 1024, '\0');
    const auto n = read_some(text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
}

void raw_peer::write(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto n = tls_ ? SSL_write(tls_, bytes.data(), static_cast<int>(bytes.size()))
                            : ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(n));
    }
}

std::size_t raw_peer::drain()
{
    char buffer[4096];
    std::size_t all = ahead_.size();
    for (std::ptrdiff_t n; (n = read_some(buffer, sizeof buffer)) > 0;) all += static_cast<std::size_t>(n);
    return all;
}

void raw_peer::say_goodbye()
{
    if (tls_) SSL_shutdown(tls_);
}

void raw_peer::reset()
{
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

raw_server::raw_server(script s, std::shared_ptr<SSL_CTX> tls, const char* address)
    : script_(std::move(s)), tls_(std::move(tls)), listener_(listen_on(address, port_))
{
    std::signal(SIGPIPE, SIG_IGN); // OpenSSL writes with write(2)
    acceptor_ = std::thread([this] { accept_all(); });
}

raw_server::~raw_server()
{
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        for (const int s : open_) ::shutdown(s, SHUT_RDWR);
    }
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (auto& t : threads_) t.join();
    ::close(listener_);
}

std::string raw_server::url(std::string_view target, std::string_view host) const
{
    return std::string(tls_ ? "https" : "http") + "://" + std::string(host) + ":" + std::to_string(port_) +
           std::string(target);
}

void raw_server::wait_until_all_closed()
{
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            if (open_.empty()) return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void raw_server::accept_all()
{
    for (;;) {
        const int s = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        const std::lock_guard lock(mutex_);
        if (s < 0 || stopping_) {
            if (s >= 0) ::close(s);
            return;
        }
        const timeval limit{5, 0};
        ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(s, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        const int on = 1;
        ::setsockopt(s, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        open_.push_back(s);
        threads_.emplace_back([this, s, n = connections_++] { serve(s, n); });
    }
}

void raw_server::serve(int s, unsigned number)
{
    std::unique_ptr<SSL, decltype(&SSL_free)> tls(nullptr, SSL_free);
    bool ready = true;
    if (tls_) {
        tls.reset(SSL_new(tls_.get()));
        SSL_set_fd(tls.get(), s);
        ready = SSL_accept(tls.get()) == 1;
    }
    if (ready) {
        raw_peer peer(s, number, tls.get());
        script_(peer);
    }
    const std::lock_guard lock(mutex_);
    open_.remove(s);
    ::close(s);
}

raw_server::script keep_answering(std::string bytes)
{
    return [bytes = std::move(bytes)](raw_peer& peer) {
        while (!peer.read_request().empty()) peer.write(bytes);
    };
}

std::uint16_t unused_port()
{
    std::uint16_t port{};
    ::close(listen_on("127.0.0.1", port));
    return port;
}

} // namespace afresh::test
