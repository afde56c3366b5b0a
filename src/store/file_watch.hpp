#pragma once
// Tells that a file in a directory was touched, by whatever process of this machine.

#include <functional>
#include <memory>
#include <string>
#include <sys/types.h>
#include <thread>

namespace afresh::store {

// Linux: by inotify, at once; and everywhere by the clock, now and then, because a change must not be missed for ever.
class file_watch {
public:
    // `on_change` runs on a thread of its own: it must be quick, and must not throw.
    file_watch(const std::string& path, std::function<void()> on_change);
    ~file_watch();
    file_watch(const file_watch&) = delete;
    file_watch& operator=(const file_watch&) = delete;

private:
    struct state;
    std::shared_ptr<state> state_;
    std::unique_ptr<std::thread> thread_;
    pid_t pid_;
};

} // namespace afresh::store
