#include "support/memory_scan.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace afresh::test {

namespace {

constexpr char key = 0x55; // what is hidden is not what is looked for

// An allocator keeps books in the first bytes of what was freed.
constexpr std::size_t taken_by_free = 16;

struct region {
    std::uintptr_t begin, end;
};

// ThreadSanitizer and AddressSanitizer map terabytes for themselves, without any text in them.
constexpr std::uintptr_t most = std::uintptr_t{1} << 30;

std::vector<region> writable()
{
    std::vector<region> all;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const auto dash = line.find('-');
        const auto space = line.find(' ');
        if (line.compare(space + 1, 2, "rw") != 0) continue;
        const region r{std::stoull(line.substr(0, dash), nullptr, 16),
                       std::stoull(line.substr(dash + 1, space - dash - 1), nullptr, 16)};
        if (r.end - r.begin < most) all.push_back(r);
    }
    return all;
}

} // namespace

canary::canary(std::uint64_t seed)
{
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i) hidden_ += static_cast<char>(('a' + static_cast<char>(random() % 26)) ^ key);
}

canary::canary(std::string plain)
{
    for (const char c : plain) hidden_ += static_cast<char>(c ^ key);
    wipe(plain);
}

secret_string canary::text() const
{
    std::string plain = hidden_;
    for (char& c : plain) c = static_cast<char>(c ^ key);
    secret_string text(plain);
    wipe(plain);
    return text;
}

bool canary::stands_in(const char* bytes, std::size_t size) const
{
    const std::string_view tail = std::string_view(hidden_).substr(taken_by_free);
    for (std::string_view rest(bytes, size); rest.size() >= tail.size(); rest.remove_prefix(1)) {
        rest.remove_prefix(std::min(rest.find(static_cast<char>(tail[0] ^ key)), rest.size())); // much the fastest
        if (rest.size() < tail.size()) break;
        if (std::equal(tail.begin(), tail.end(), rest.begin(), [](char h, char c) { return (h ^ key) == c; }))
            return true;
    }
    return false;
}

bool canary::is_in_memory() const
{
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    if (memory < 0) throw std::runtime_error("cannot open /proc/self/mem");
    std::string piece(1 << 20, '\0');
    bool found = false;
    for (const region& r : writable())
        for (auto at = r.begin; at < r.end && !found; at += piece.size() - hidden_.size()) {
            const auto size = std::min<std::uintptr_t>(piece.size(), r.end - at);
            const auto n = ::pread(memory, piece.data(), size, static_cast<off_t>(at));
            if (n <= 0) break;
            found = stands_in(piece.data(), static_cast<std::size_t>(n));
        }
    wipe(piece);
    ::close(memory);
    return found;
}

} // namespace afresh::test
