#include "cli/gateway/notify.hpp"

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace afresh::cli {

void notify_manager(std::string_view state) noexcept
{
    const char* const path = std::getenv("NOTIFY_SOCKET");
    ::sockaddr_un to{};
    if (!path || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof to.sun_path) return;
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, path, std::strlen(path));
    if (path[0] == '@') to.sun_path[0] = '\0'; // the abstract namespace
    const auto size = static_cast<::socklen_t>(offsetof(::sockaddr_un, sun_path) + std::strlen(path));
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    ::sendto(fd, state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const ::sockaddr*>(&to), size);
    ::close(fd);
}

void notify_reloading()
{
    ::timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    notify_manager("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

} // namespace afresh::cli
