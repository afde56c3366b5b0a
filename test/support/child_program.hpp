#pragma once
// A program under test, with pipes to its standard input and output. It does not outlive the test: it is killed.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace afresh::test {

class child_program {
public:
    // `settings` are added to the environment, as NAME=value. Throws std::runtime_error when it cannot be started.
    child_program(const std::vector<std::string>& command, const std::vector<std::string>& settings);
    ~child_program();
    child_program(const child_program&) = delete;
    child_program& operator=(const child_program&) = delete;

    // The next line of its output; nothing when it has ended, or when none comes in time (then `ended()` is false).
    std::optional<std::string> read_line(std::chrono::steady_clock::time_point until);
    bool ended() const noexcept { return ended_; }
    void write_line(const std::string& line);
    void send(int signal) noexcept;
    // From here on no file that it writes grows beyond this, as on a full disk; unset: as far as it likes.
    void limit_files(std::optional<std::uint64_t> bytes) noexcept;
    // Waits until it has ended; the signal that ended it, or 0.
    int wait();

private:
    pid_t pid_ = -1;
    int input_ = -1;
    int output_ = -1;
    bool ended_{};
    std::string ahead_;
};

} // namespace afresh::test
