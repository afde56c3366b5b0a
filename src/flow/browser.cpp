#include "flow/browser.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <stdexcept>
#include <thread>

extern char** environ;

namespace afresh::detail {

void open_system_browser(const std::string& url)
{
#ifdef __APPLE__
    const char* const program = "open";
#else
    const char* const program = "xdg-open";
#endif
    std::string argument = url; // never through a shell
    std::string name = program;
    std::array<char*, 3> argv{name.data(), argument.data(), nullptr};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, program, &quiet, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&quiet);
    if (error != 0)
        throw std::runtime_error(name +
                                 " could not be started: install xdg-utils, or set browser_options::open_browser");
    std::thread([pid] { // it ends when it has handed the URL over
        int status = 0;
        ::waitpid(pid, &status, 0);
    })
        .detach();
}

} // namespace afresh::detail
