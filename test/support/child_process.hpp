#pragma once
// A forked copy of the test, which runs one function and never returns into Boost.Test.

#include <cerrno>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace afresh::test {

class child_process {
public:
    // What the child tells the descriptor it is given, the parent reads. The function's result is the exit code.
    explicit child_process(const std::function<int(int)>& work)
    {
        int ends[2];
        if (::pipe(ends) != 0) throw std::runtime_error("pipe");
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ == 0) {
            ::close(ends[0]);
            ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is ended leaves nobody behind
            int code = 99;
            try {
                code = work(ends[1]);
            } catch (...) {
                code = 98;
            }
            ::_exit(code);
        }
        ::close(ends[1]);
        out_ = ends[0];
    }
    ~child_process()
    {
        if (pid_ > 0) kill(SIGKILL);
        if (pid_ > 0) wait();
        ::close(out_);
    }
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;

    void kill(int signal) { ::kill(pid_, signal); }
    // Exit code, or minus the signal that ended it.
    int wait()
    {
        int state = 0;
        while (::waitpid(pid_, &state, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state);
    }
    // The next value; false at the end, when the child is gone.
    template <class T>
    bool read(T& value)
    {
        std::size_t have = 0;
        while (have < sizeof value) {
            const ssize_t n = ::read(out_, reinterpret_cast<char*>(&value) + have, sizeof value - have);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return false;
            have += static_cast<std::size_t>(n);
        }
        return true;
    }

private:
    pid_t pid_ = -1;
    int out_ = -1;
};

template <class T>
void tell(int out, const T& value)
{
    if (::write(out, &value, sizeof value) != static_cast<ssize_t>(sizeof value)) ::_exit(97);
}

} // namespace afresh::test
