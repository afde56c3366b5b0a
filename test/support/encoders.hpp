#pragma once
// Bodies as servers encode them, by the libraries they use.

#include <string>
#include <string_view>
#include <vector>

namespace afresh::test {

std::string gzip(std::string_view text);
std::string zlib(std::string_view text);
std::string raw_deflate(std::string_view text);
std::string brotli(std::string_view text); // empty where br is not built
std::string zstd(std::string_view text);   // with a checksum; empty where zstd is not built

struct encoding {
    std::string_view name; // of the Content-Encoding
    std::string (*encode)(std::string_view);
    std::string (*begin)(
        std::string_view); // not the end, but all of it so far: as a server sends it that has more later
    bool has_checksum;
};
// Those that are built; `deflate` twice.
std::vector<encoding> encodings();

// Repetitive enough to be worth encoding, and no byte of it is like the next: `size` bytes.
std::string sample(std::size_t size);

// Gibibytes of zeros, without the time that it takes to encode them.
std::string raw_deflate_bomb(std::size_t gibibytes);
std::string gzip_bomb(std::size_t gibibytes); // its checksum is wrong, which nobody should get to see
std::string zstd_bomb(std::size_t gibibytes);

} // namespace afresh::test
