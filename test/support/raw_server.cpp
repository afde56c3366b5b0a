#include "support/raw_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace afresh::test {

namespace {

int listen_on(const char* address, std::uint16_t& port)
{
    sockaddr_storage at{};
    socklen_t size = sizeof(sockaddr_in);
    const bool local = *address == '/';
    if (local) {
        auto& name = reinterpret_cast<sockaddr_un&>(at);
        name.sun_family = AF_UNIX;
        std::string(address).copy(name.sun_path, sizeof name.sun_path - 1);
        size = sizeof name;
    } else {
        auto& name = reinterpret_cast<sockaddr_in&>(at);
        name.sin_family = AF_INET;
        inet_pton(AF_INET, address, &name.sin_addr);
    }
    const int s = ::socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s < 0 || ::bind(s, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(s, 512) != 0 ||
        ::getsockname(s, reinterpret_cast<sockaddr*>(&at), &size) != 0)
        throw std::runtime_error("raw_server: cannot listen");
    if (!local) port = ntohs(reinterpret_cast<sockaddr_in&>(at).sin_port);
    return s;
}

// Where the last chunk of a body ends.
std::size_t end_of_chunks(const std::string& text)
{
    if (text.compare(0, 5, "0\r\n\r\n") == 0) return 5;
    const auto last = text.find("\r\n0\r\n\r\n");
    return last == std::string::npos ? last : last + 7;
}

} // namespace

std::ptrdiff_t raw_peer::read_some(char* into, std::size_t size)
{
    if (tls_) return SSL_read(tls_, into, static_cast<int>(size));
    return ::recv(socket_, into, size, 0);
}

bool raw_peer::read_more()
{
    char buffer[4096];
    const auto n = read_some(buffer, sizeof buffer);
    if (n > 0) ahead_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
}

std::string raw_peer::read_bytes(std::size_t size)
{
    while (ahead_.size() < size && read_more()) {
    }
    std::string bytes = ahead_.substr(0, size);
    ahead_.erase(0, size);
    return bytes;
}

std::string raw_peer::read_head()
{
    std::size_t end;
    while ((end = ahead_.find("\r\n\r\n")) == std::string::npos)
        if (!read_more()) return read_bytes(ahead_.size());
    return read_bytes(end + 4);
}

std::string raw_peer::read_request()
{
    const std::string head = read_head();
    return head + read_body(head);
}

std::string raw_peer::read_body(const std::string& head)
{
    if (const auto at = head.find("Content-Length: "); at != std::string::npos)
        return read_bytes(std::stoul(head.substr(at + 16)));
    if (head.find("Transfer-Encoding: chunked") == std::string::npos) return {};
    std::size_t end;
    while ((end = end_of_chunks(ahead_)) == std::string::npos && read_more()) {
    }
    return read_bytes(std::min(end, ahead_.size()));
}

std::string raw_peer::read_once()
{
    if (!ahead_.empty()) return std::exchange(ahead_, std::string());
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

void raw_peer::tunnel_to(std::uint16_t port)
{
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(other, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0) {
        pollfd ends[] = {{socket_, POLLIN, 0}, {other, POLLIN, 0}};
        char buffer[16384];
        for (bool open = true; open && ::poll(ends, 2, 5000) > 0;)
            for (int i = 0; i < 2 && open; ++i) {
                if (!ends[i].revents) continue;
                const auto n = ::recv(ends[i].fd, buffer, sizeof buffer, 0);
                open = n > 0 && ::send(ends[1 - i].fd, buffer, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
            }
    }
    ::close(other);
}

bool raw_peer::resumed() const { return tls_ && SSL_session_reused(tls_) == 1; }

std::string raw_peer::certificate_name() const
{
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(tls_), X509_free);
    char name[256] = "";
    if (shown) X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name, sizeof name);
    return name;
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
