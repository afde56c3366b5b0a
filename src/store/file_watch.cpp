#include "store/file_watch.hpp"

#include "store/quiet_thread.hpp"

#include <chrono>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <unistd.h>
#include <utility>

#ifdef __linux__
#include <sys/inotify.h>
#endif

namespace afresh::store {

struct file_watch::state {
    ~state()
    {
        for (const int fd : {stop[0], stop[1], inotify})
            if (fd >= 0) ::close(fd);
    }
    void begin(const std::string& path);
    void run() const;
    bool touched() const;

    std::function<void()> on_change;
    std::string name; // in its directory
    int stop[2] = {-1, -1};
    int inotify = -1; // -1: there is none
};

void file_watch::state::begin(const std::string& path)
{
    const std::size_t slash = path.rfind('/');
    name = path.substr(slash + 1);
#ifdef __linux__
    // The directory, because the file comes and goes.
    const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
    inotify = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (inotify >= 0 && ::inotify_add_watch(inotify, directory.c_str(), IN_ATTRIB) < 0) {
        ::close(inotify);
        inotify = -1;
    }
#endif
}

// Reads what has come; whether some of it was about the file.
bool file_watch::state::touched() const
{
#ifdef __linux__
    bool about_it = false;
    alignas(inotify_event) char buffer[4096];
    for (ssize_t n = 0; (n = ::read(inotify, buffer, sizeof buffer)) > 0;)
        for (ssize_t at = 0; at < n;) {
            const auto& e = *reinterpret_cast<const inotify_event*>(buffer + at);
            if ((e.mask & IN_Q_OVERFLOW) || (e.len > 0 && std::string_view(e.name) == name)) about_it = true;
            at += static_cast<ssize_t>(sizeof e + e.len);
        }
    return about_it;
#else
    return true;
#endif
}

void file_watch::state::run() const
{
    for (;;) {
        pollfd all[2] = {{stop[0], POLLIN, 0}, {inotify, POLLIN, 0}};
        const int n = ::poll(all, 2, inotify >= 0 ? 5000 : 250);
        if (all[0].revents) return;
        if (n == 0 || (all[1].revents && touched())) on_change();
    }
}

file_watch::file_watch(const std::string& path, std::function<void()> on_change)
    : state_(std::make_shared<state>()), pid_(::getpid())
{
    state_->on_change = std::move(on_change);
    if (::pipe2(state_->stop, O_CLOEXEC) != 0) throw std::runtime_error("no pipe for watching the store");
    state_->begin(path);
    thread_ = quiet_thread([s = state_] { s->run(); });
}

file_watch::~file_watch()
{
    const bool is_forked = ::getpid() != pid_;
    if (!is_forked) {
        ::close(state_->stop[1]);
        state_->stop[1] = -1;
    }
    end_thread(std::move(thread_), is_forked);
}

} // namespace afresh::store
