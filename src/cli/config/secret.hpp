#pragma once
#include "cli/config/configuration.hpp"

#include <afresh/secret_string.hpp>

namespace afresh::cli {

// Reads a secret where it is: up to its last line end, which editors and `echo` add. Throws std::runtime_error, whose text
// names the place.
secret_string read_secret(const secret_place& place);

} // namespace afresh::cli
