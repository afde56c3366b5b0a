#include "support/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace afresh::test {
namespace {

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(port);
    return a;
}

// At once, and without a word: what was not read yet is lost.
void slam(int fd)
{
    const linger none{1, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
    ::close(fd);
}

bool send_all(int fd, const char* data, std::size_t size)
{
    while (size > 0) {
        const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
        if (n <= 0) return false;
        data += n;
        size -= static_cast<std::size_t>(n);
    }
    return true;
}

} // namespace

relay::relay(std::uint16_t to) : to_(to), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    sockaddr_in a = loopback(0);
    socklen_t size = sizeof a;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size) != 0)
        throw std::runtime_error("relay");
    port_ = ntohs(a.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
}

relay::~relay()
{
    stopping_ = true;
    acceptor_.join();
    for (std::thread& t : threads_) t.join();
    ::close(listener_);
}

void relay::let_through(std::size_t to_server, std::size_t to_client)
{
    counted_[0] = counted_[1] = 0;
    most_[0] = to_server;
    most_[1] = to_client;
}

void relay::accept_all()
{
    while (!stopping_) {
        pollfd p{listener_, POLLIN, 0};
        if (::poll(&p, 1, 20) != 1) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client >= 0) threads_.emplace_back([this, client] { serve(client); });
    }
}

void relay::serve(int client)
{
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in a = loopback(to_);
    bool open = ::connect(server, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
    const int ends[2] = {client, server};
    const unsigned cuts = cuts_;
    char buffer[4096];
    while (open && !stopping_ && cuts == cuts_) {
        pollfd p[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
        if (held_) {
            ::poll(nullptr, 0, 5);
            continue;
        }
        if (::poll(p, 2, 20) <= 0) continue;
        for (int i = 0; i < 2 && open; ++i) {
            if (!p[i].revents) continue;
            const ssize_t n = ::recv(ends[i], buffer, sizeof buffer, MSG_DONTWAIT);
            if (n <= 0) {
                open = false;
                break;
            }
            const std::size_t before = counted_[i];
            const std::size_t left = most_[i] > before ? most_[i] - before : 0;
            const std::size_t take = std::min<std::size_t>(static_cast<std::size_t>(n), left);
            counted_[i] += take;
            if (!send_all(ends[1 - i], buffer, take) || take < static_cast<std::size_t>(n)) open = false;
        }
    }
    slam(client);
    slam(server);
}

} // namespace afresh::test
