#pragma once
// What is seen while a run lasts: events that scroll by, and below them a picture that is redrawn. Where lines cannot
// be redrawn, a plain line a second instead.

#include "cli/show/status_text.hpp"
#include "cli/show/terminal.hpp"

#include <afresh/status.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace afresh::cli {

// A run at one moment.
struct progress_picture {
    double now{};
    double length{};
    std::uint64_t calls{};
    std::uint64_t failed{};
    double rate{};             // calls per second
    std::vector<double> rates; // ... of late, oldest first
    std::uint64_t generation{};
    source_state state{};
    double token_age{};
    double token_lifetime{};           // 0: unknown
    std::uint64_t waiters{};           // the most in the last second
    std::optional<double> outage_left; // 0: none; unset: the server's state is not known
};

class progress {
public:
    explicit progress(terminal t) : terminal_(t) {}
    ~progress() { finish(); }
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

    // Something happened at `at` seconds: stays on the screen.
    void note(double at, tone t, std::string_view text);
    // Called several times a second.
    void draw(const progress_picture& p);
    // Takes the picture away; the events stay.
    void finish();

private:
    void erase(std::string& out) const;
    std::string block(const progress_picture& p);
    std::string line(const progress_picture& p) const;

    terminal terminal_;
    std::string shown_; // the block on the screen
    double next_line_{};
};

} // namespace afresh::cli
