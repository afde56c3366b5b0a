#include "cli/command/private_output.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace afresh::cli {
namespace {

bool write_all(int fd, std::string_view text)
{
    while (!text.empty()) {
        const ssize_t n = ::write(fd, text.data(), text.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

[[noreturn]] void fail(const std::string& what, int why) { throw std::runtime_error(what + ": " + std::strerror(why)); }

} // namespace

void replace_private_file(const std::string& path, const secret_string& text)
{
    const std::string mine = path + "." + std::to_string(::getpid());
    ::unlink(mine.c_str()); // of a process with this number that died
    const int fd = ::open(mine.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) fail(mine, errno);
    const bool written = write_all(fd, text.reveal());
    int why = errno;
    ::close(fd);
    if (written && ::rename(mine.c_str(), path.c_str()) == 0) return;
    if (written) why = errno;
    ::unlink(mine.c_str());
    fail(path, why);
}

void print_secret(const secret_string& text)
{
    std::fflush(stdout);
    if (!write_all(STDOUT_FILENO, text.reveal())) fail("standard output", errno);
}

} // namespace afresh::cli
