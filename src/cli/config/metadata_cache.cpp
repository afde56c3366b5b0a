#include "cli/config/metadata_cache.hpp"

#include "cli/config/metadata_json.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <sys/stat.h>
#include <unistd.h>

namespace afresh::cli {
namespace {

// The issuer's URL as a file name: letters, digits and dots stay.
std::string path_of(const std::string& directory, const std::string& issuer)
{
    std::string name;
    for (const char c : issuer) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
        name += plain ? std::string(1, c) : "_" + std::to_string(static_cast<unsigned char>(c));
    }
    return directory + "/server-" + name + ".json";
}

} // namespace

std::optional<cached_metadata> read_metadata_cache(const std::string& directory, const std::string& issuer)
{
    const std::string path = path_of(directory, issuer);
    struct ::stat s {};
    // Only what this user wrote: whoever may write it could send the credentials elsewhere.
    if (::lstat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode) || s.st_uid != ::geteuid() || (s.st_mode & 022) != 0)
        return std::nullopt;
    std::ifstream in(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    cached_metadata got;
    got.known = read_metadata_json(text);
    if (got.known.issuer != issuer || got.known.token_endpoint.empty()) return std::nullopt;
    const auto written = std::chrono::system_clock::from_time_t(s.st_mtime);
    const auto age = std::chrono::system_clock::now() - written;
    got.fresh = age >= std::chrono::seconds(0) && age < std::chrono::hours(24);
    return got;
}

void write_metadata_cache(const std::string& directory, const server_metadata& known)
{
    std::error_code ec;
    std::filesystem::create_directories(directory, ec);
    const std::string path = path_of(directory, known.issuer);
    const std::string mine = path + "." + std::to_string(::getpid());
    const ::mode_t mask = ::umask(077);
    std::ofstream(mine, std::ios::binary | std::ios::trunc) << metadata_json(known) << '\n';
    ::umask(mask);
    std::filesystem::rename(mine, path, ec);
}

} // namespace afresh::cli
