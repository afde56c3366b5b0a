#pragma once
/// @file
/// A string that does not get into logs by accident and does not stay in memory.

#include <afresh/export.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace afresh {

/// A secret: a token, a password, a key. It cannot be streamed or formatted, compares in constant time, lives on the
/// heap (never in a small-string buffer) and is overwritten when it is destroyed, assigned to or moved from.
/// `reveal()` is the only way to the text, so that a search for it finds every place where a secret leaves.
///
/// @par Thread safety Distinct objects: safe. Shared objects: unsafe.
class AFRESH_EXPORT secret_string {
public:
    secret_string() noexcept = default;
    /// Copies `text`. The caller's copy is the caller's to wipe.
    secret_string(std::string_view text);
    secret_string(const char* text) : secret_string(std::string_view(text)) {}
    secret_string(const std::string& text) : secret_string(std::string_view(text)) {}
    secret_string(const secret_string& other) : secret_string(other.reveal()) {}
    secret_string(secret_string&& other) noexcept;
    secret_string& operator=(const secret_string& other);
    secret_string& operator=(secret_string&& other) noexcept;
    ~secret_string() { wipe(); }

    /// The text. Valid until the secret is assigned to, moved from or destroyed.
    std::string_view reveal() const noexcept { return {data_, size_}; }
    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }
    /// Overwrites and releases the text.
    void wipe() noexcept;

    /// Takes time that depends on the lengths only.
    AFRESH_EXPORT friend bool operator==(const secret_string& a, const secret_string& b) noexcept;

private:
    char* data_{}; // owned; no unique_ptr, which every file that includes this would pay for
    std::size_t size_{};
};

/// Overwrites a string's characters and empties it, in a way the optimiser cannot remove.
AFRESH_EXPORT void wipe(std::string& text) noexcept;

} // namespace afresh
