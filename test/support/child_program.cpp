#include "support/child_program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <utility>

extern char** environ;

namespace afresh::test {
namespace {

std::pair<int, int> make_pipe()
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
    return {ends[0], ends[1]};
}

} // namespace

child_program::child_program(const std::vector<std::string>& command, const std::vector<std::string>& settings)
{
    const auto [their_input, our_output] = make_pipe();
    const auto [our_input, their_output] = make_pipe();
    input_ = our_output;
    output_ = our_input;

    std::vector<char*> arguments, environment;
    for (const std::string& s : command) arguments.push_back(const_cast<char*>(s.c_str()));
    for (char** e = environ; *e; ++e) environment.push_back(*e);
    for (const std::string& s : settings) environment.push_back(const_cast<char*>(s.c_str()));
    arguments.push_back(nullptr);
    environment.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, their_input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, their_output, STDOUT_FILENO);
    const int failed = ::posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    ::close(their_input);
    ::close(their_output);
    if (failed != 0) {
        pid_ = -1;
        ::close(input_);
        ::close(output_);
        throw std::runtime_error("cannot start " + command[0]);
    }
}

child_program::~child_program()
{
    send(SIGKILL);
    (void)wait();
    ::close(input_);
    ::close(output_);
}

std::optional<std::string> child_program::read_line(std::chrono::steady_clock::time_point until)
{
    for (;;) {
        if (const auto end = ahead_.find('\n'); end != std::string::npos) {
            std::string line = ahead_.substr(0, end);
            ahead_.erase(0, end + 1);
            return line;
        }
        if (ended_) return std::nullopt;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd ready{output_, POLLIN, 0};
        const int found = ::poll(&ready, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
        if (found == 0) return std::nullopt;
        char buffer[4096];
        const ssize_t size = found < 0 ? -1 : ::read(output_, buffer, sizeof(buffer));
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0)
            ended_ = true;
        else
            ahead_.append(buffer, static_cast<std::size_t>(size));
    }
}

void child_program::write_line(const std::string& line)
{
    const std::string text = line + '\n';
    (void)!::write(input_, text.data(), text.size()); // one that is dead reads nothing
}

void child_program::limit_files(std::optional<std::uint64_t> bytes) noexcept
{
    rlimit limit{RLIM_INFINITY, RLIM_INFINITY};
    if (bytes) limit.rlim_cur = *bytes;
    ::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr);
}

void child_program::send(int signal) noexcept
{
    if (pid_ > 0) (void)::kill(pid_, signal);
}

int child_program::wait()
{
    if (pid_ <= 0) return 0;
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

} // namespace afresh::test
