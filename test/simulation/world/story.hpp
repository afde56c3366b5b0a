#pragma once
// What happened, as a number that two equal worlds share, and on demand as a text that people can read.

#include "simulation/world/event_queue.hpp"

#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>

namespace simulation {

class story {
public:
    bool told_aloud{}; // keep the text too
    std::string text;

    std::uint64_t hash() const noexcept { return hash_; }

    // tell(now, "process ", 1, " sends refresh token ", 17)
    template <class... Parts>
    void tell(virtual_time now, const Parts&... parts)
    {
        mix(static_cast<std::uint64_t>(now.count()));
        (mix(parts), ...);
        if (!told_aloud) return;
        stamp(now);
        (add(parts), ...);
        text += '\n';
    }

private:
    void mix(std::integral auto n) noexcept { hash_ = (hash_ ^ static_cast<std::uint64_t>(n)) * 0x100000001b3u; }
    void mix(std::string_view s) noexcept
    {
        for (const char c : s) mix(static_cast<unsigned char>(c));
    }
    void mix(std::chrono::nanoseconds d) noexcept { mix(d.count()); }
    void add(std::integral auto n) { text += std::to_string(n); }
    void add(std::string_view s) { text += s; }
    void add(std::chrono::nanoseconds d)
    {
        char buffer[40];
        std::snprintf(buffer, sizeof buffer, "%.3f s", std::chrono::duration<double>(d).count());
        text += buffer;
    }
    void stamp(virtual_time now)
    {
        char buffer[40];
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now).count();
        std::snprintf(buffer, sizeof buffer, "[%3lld:%02lld:%02lld.%06lld] ", static_cast<long long>(us / 3600000000),
                      static_cast<long long>(us / 60000000 % 60), static_cast<long long>(us / 1000000 % 60),
                      static_cast<long long>(us % 1000000));
        text += buffer;
    }

    std::uint64_t hash_ = 0xcbf29ce484222325u;
};

} // namespace simulation
