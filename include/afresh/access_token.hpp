#pragma once
/// @file
/// An access token as callers get it.

#include <afresh/detail/snapshot.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace afresh {

/// An access token and what is known of it (RFC 6749 1.4, 5.1). A handle: copying it copies a pointer.
///
/// @par Thread safety Distinct objects: safe, also when they are copies of one another. Shared objects: unsafe.
class access_token {
public:
    /// An empty token.
    access_token() noexcept = default;
    explicit access_token(std::shared_ptr<const detail::snapshot> data)
        : ref_(data ? new detail::token_ref(std::move(data)) : nullptr)
    {
    }
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
    const secret_string& value() const noexcept { return data().value; }
    /// "Bearer".
    const std::string& type() const noexcept { return data().type; }
    /// As granted; empty when neither asked for nor told.
    const std::string& scope() const noexcept { return data().scope; }
    /// The ID token that came last on this chain; empty if there was none. Not verified.
    const secret_string& id_token() const noexcept { return data().id_token; }
    /// By the wall clock; unset when the server named no lifetime.
    std::optional<std::chrono::system_clock::time_point> expires_at() const noexcept { return data().expires_at; }
    /// Of the exchange or sign-in that brought this token. The refresh token a program begins with is generation 1.
    std::uint64_t generation() const noexcept { return data().generation; }
    /// What to put into the `Authorization` field (RFC 6750 2.1).
    std::string authorization() const
    {
        std::string text = data().type;
        text += ' ';
        text += data().value.reveal();
        return text;
    }
    /// For the library's own parts.
    const detail::snapshot& data() const noexcept { return *ref_->token; }

private:
    detail::token_ref* ref_{};
};

} // namespace afresh
