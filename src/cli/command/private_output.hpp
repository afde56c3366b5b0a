#pragma once
#include <afresh/secret_string.hpp>

#include <string>

namespace afresh::cli {

// Replaces a file as a whole, readable by its owner alone: who reads it finds the old text or the new one. Throws
// std::runtime_error.
void replace_private_file(const std::string& path, const secret_string& text);
// To standard output, past the buffers that nobody wipes.
void print_secret(const secret_string& text);

} // namespace afresh::cli
