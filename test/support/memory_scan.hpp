#pragma once
// Looks through all the memory that this process can write for texts that ought to have been wiped.

#include <afresh/secret_string.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace afresh::test {

// A text of random letters that is never in memory unless somebody asked for it.
class canary {
public:
    explicit canary(std::uint64_t seed);
    explicit canary(std::string plain); // wipes it
    secret_string text() const;
    // In heap, stack or data, freed or not.
    bool is_in_memory() const;

private:
    bool stands_in(const char* bytes, std::size_t size) const;

    std::string hidden_;
};

} // namespace afresh::test
