#pragma once
// Files that hold secrets: ours alone, never a link, on a local disk.

#include <cstdint>
#include <string>
#include <string_view>

namespace afresh::store {

// What goes wrong with a file: a std::runtime_error whose text names the file, never what is in it, and says what to
// do.
std::string text_of_failure(const std::string& path, std::string_view problem, std::string_view remedy);
[[noreturn]] void fail(const std::string& path, std::string_view problem, std::string_view remedy);
[[noreturn]] void fail_errno(const std::string& path, std::string_view problem, int error);

// The path with its directory resolved; the last part is left as it is, so that a link there is seen. Fails when the
// directory is missing (or names no file: std::invalid_argument), writable by everybody, or on a network (where neither
// SQLite's nor our own locks hold).
std::string resolve(const std::string& path);

// Whether there is a file. Fails when it is anything else than a regular file of this user that nobody else may read or
// write.
//
// Looks at it without opening it: closing a descriptor would release SQLite's locks on the file, of the whole process.
bool is_there(const std::string& path);

// Creates an empty file, mode 0600 whatever the umask, and returns its descriptor.
int create(const std::string& path);

// Unpredictable, so that nobody prepares a file of that name: `path` with a random ending.
std::string fresh_name(const std::string& path);
// From the kernel. (The library's own randomness is not visible across a shared library's border.)
std::uint64_t random_bits();

// Gives a complete new file its final name, durably. False when somebody else did it first; the new one is removed
// then.
bool publish(const std::string& fresh, const std::string& path);

} // namespace afresh::store
