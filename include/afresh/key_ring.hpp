#pragma once
/// @file
/// Keys that encrypt what a store keeps.

#include <afresh/export.hpp>
#include <afresh/secret_string.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace afresh {

/// The keys of a sealed store: one that seals, and older ones that still open. Records are encrypted with AES-256-GCM,
/// each chain under a key of its own (HMAC-SHA-256 of the chain's name), bound to the chain and its generation: a record
/// that was changed, or put in another one's place, does not open.
///
/// To change keys, put the new one first and keep the old one: a record is sealed with the new key when it is next
/// written.
///
/// Copies share their keys.
///
/// @par Thread safety Distinct objects: safe. Shared objects: safe for const functions.
/// @par Exceptions    From what takes or reads keys: `boost::system::system_error` with `errc::invalid_argument`;
///                    the text says what to do, and has no key in it.
class AFRESH_EXPORT key_ring {
public:
    key_ring() noexcept = default; ///< nothing is sealed
    /// `id`: 1 to 64 letters, digits, `-`, `_`, `.`; it is stored. `key`: 32 bytes.
    key_ring(std::string id, secret_string key);
    /// One more key, which opens and does not seal.
    key_ring& add(std::string id, secret_string key);

    /// Lines of an id and a key in base64 (`echo "2026-11 $(openssl rand -base64 32)"`); the first one seals. Empty lines
    /// and those that begin with `#` are skipped. Others must not be able to read or write the file.
    static key_ring from_file(const std::string& path);
    /// The same text from an environment variable; a semicolon ends a line, too.
    static key_ring from_environment(const char* variable);
    /// Keys that live elsewhere. `key_of` is asked once for each id, from any thread, and may block; an exception of its
    /// or an empty key means that there is none.
    static key_ring from_callback(std::string id, std::function<secret_string(const std::string& id)> key_of);

    bool empty() const noexcept { return !state_; }
    const std::string& id() const noexcept; ///< of the key that seals
    bool has(const std::string& id) const;

    /// For stores of your own: `text` as printable text that only these keys open.
    std::string seal(std::string_view chain, std::uint64_t generation, const secret_string& text) const;
    /// The reverse. std::runtime_error: the key is missing, or the text was changed; what() says which.
    secret_string open(std::string_view chain, std::uint64_t generation, std::string_view sealed) const;
    /// The id of the key that sealed this; empty: it is not sealed.
    static std::string_view id_of(std::string_view sealed) noexcept;

private:
    struct state;
    std::shared_ptr<state> state_;
};

} // namespace afresh
