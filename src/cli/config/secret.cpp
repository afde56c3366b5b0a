#include "cli/config/secret.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace afresh::cli {
namespace {

constexpr std::size_t most = 64 * 1024;

[[noreturn]] void fail(const std::string& what, int why) { throw std::runtime_error(what + ": " + std::strerror(why)); }

class descriptor {
public:
    explicit descriptor(int fd) : fd_(fd) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { close(); }
    void close()
    {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }
    int get() const noexcept { return fd_; }

private:
    int fd_;
};

secret_string read_all(int fd, const std::string& what)
{
    std::string text;
    text.reserve(most + 1); // so that it never moves and leaves a copy behind
    std::array<char, 4096> part{};
    for (;;) {
        const ssize_t n = ::read(fd, part.data(), part.size());
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) fail(what, errno);
        if (n == 0) break;
        text.append(part.data(), static_cast<std::size_t>(n));
        if (text.size() > most) throw std::runtime_error(what + ": is longer than 64 KiB, and no secret");
    }
    ::explicit_bzero(part.data(), part.size());
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    secret_string made(text);
    wipe(text);
    if (made.empty()) throw std::runtime_error(what + ": is empty");
    return made;
}

secret_string read_file(const std::string& path)
{
    const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, errno);
    return read_all(file.get(), path);
}

secret_string read_environment(const std::string& name)
{
    const char* const value = std::getenv(name.c_str());
    if (!value || !*value) throw std::runtime_error("the environment variable " + name + " is not set");
    return secret_string(value);
}

secret_string read_credential(const std::string& name)
{
    const char* const directory = std::getenv("CREDENTIALS_DIRECTORY");
    if (!directory)
        throw std::runtime_error("the credential " + name +
                                 " is systemd's, and CREDENTIALS_DIRECTORY is not set; see LoadCredential=");
    return read_file(std::string(directory) + "/" + name);
}

// Without a shell.
secret_string read_output(const std::vector<std::string>& command)
{
    const std::string& what = command.front();
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(what, errno);
    const descriptor out(ends[0]);
    descriptor in(ends[1]);
    std::vector<char*> arguments;
    for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
    pid_t child = -1;
    const int failed = ::posix_spawnp(&child, what.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed) fail(what, failed);
    in.close();
    secret_string text;
    std::string why;
    try {
        text = read_all(out.get(), what);
    } catch (const std::runtime_error& e) {
        why = e.what();
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw std::runtime_error(what + ": the command failed");
    if (!why.empty()) throw std::runtime_error(why);
    return text;
}

} // namespace

secret_string read_secret(const secret_place& place)
{
    switch (place.type) {
    case secret_place::kind::none: break;
    case secret_place::kind::file: return read_file(place.name);
    case secret_place::kind::environment: return read_environment(place.name);
    case secret_place::kind::credential: return read_credential(place.name);
    case secret_place::kind::command: return read_output(place.command);
    }
    return {};
}

} // namespace afresh::cli
