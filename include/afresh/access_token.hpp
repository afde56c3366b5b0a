#pragma once
/// @file
/// An access token as callers get it.

#include <afresh/secret_string.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace afresh {

namespace detail {
struct snapshot;
class token_ref;

// In the library and never inlined: which thread runs must not be remembered across a suspension.
AFRESH_EXPORT void retain(token_ref* r) noexcept;
AFRESH_EXPORT void release(token_ref* r) noexcept;
} // namespace detail

/// An access token and what is known of it (RFC 6749 1.4, 5.1). A handle: copying it copies a pointer.
///
/// @par Thread safety Distinct objects: safe, also when they are copies of one another. Shared objects: unsafe.
class AFRESH_EXPORT access_token {
public:
    /// An empty token.
    access_token() noexcept = default;
    /// For the library's own parts: takes over one count.
    explicit access_token(detail::token_ref* counted) noexcept : ref_(counted) {}
    access_token(const access_token& other) noexcept : ref_(other.ref_)
    {
        if (ref_) detail::retain(ref_);
    }
    access_token(access_token&& other) noexcept : ref_(std::exchange(other.ref_, nullptr)) {}
    access_token& operator=(access_token other) noexcept
    {
        std::swap(ref_, other.ref_);
        return *this;
    }
    ~access_token()
    {
        if (ref_) detail::release(ref_);
    }

    explicit operator bool() const noexcept { return ref_ != nullptr; }
    /// The token itself. Undefined for an empty token, as are the functions below.
    const secret_string& value() const noexcept;
    /// "Bearer", or "DPoP" when it is bound to a key.
    const std::string& type() const noexcept;
    /// As granted; empty when neither asked for nor told.
    const std::string& scope() const noexcept;
    /// The ID token that came last on this chain; empty if there was none. Not verified.
    const secret_string& id_token() const noexcept;
    /// By the wall clock; unset when the server named no lifetime.
    std::optional<std::chrono::system_clock::time_point> expires_at() const noexcept;
    /// Of the exchange or sign-in that brought this token. The refresh token a program begins with is generation 1.
    std::uint64_t generation() const noexcept;
    /// What to put into the `Authorization` field (RFC 6750 2.1). A DPoP token needs a proof beside it (RFC 9449 7.1):
    /// `http_client` and `authorized` make it.
    std::string authorization() const;

    /// For the library's own parts.
    const detail::snapshot& data() const noexcept;

private:
    detail::token_ref* ref_{};
};

} // namespace afresh
