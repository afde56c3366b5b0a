#pragma once
// What was discovered of a server, in a file: a command that is run each minute need not ask each time, and a server that
// is down does not keep a good token from being used.

#include <afresh/server_metadata.hpp>

#include <optional>
#include <string>

namespace afresh::cli {

struct cached_metadata {
    server_metadata known;
    bool fresh{}; // of today
};
std::optional<cached_metadata> read_metadata_cache(const std::string& directory, const std::string& issuer);
// Failing to write is no failure.
void write_metadata_cache(const std::string& directory, const server_metadata& known);

} // namespace afresh::cli
