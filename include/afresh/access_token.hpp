#pragma once
/// @file
/// An access token as callers get it.

#include <afresh/secret_string.hpp>
#include <afresh/time_source.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace afresh {

namespace detail {

/// A token with its deadlines, published once and never changed but for two flags that only ever go up.
struct snapshot {
    secret_string value;
    secret_string id_token;
    std::string type;
    std::string scope;
    std::uint64_t generation{};
    std::optional<std::chrono::system_clock::time_point> expires_at;
    std::optional<std::chrono::seconds> lifetime;
    instant due{};
    instant usable_until{};
    mutable std::atomic<bool> used{};   ///< somebody got it since the state machine last looked
    mutable std::atomic<bool> nudged{}; ///< somebody saw that it is due and said so
};

} // namespace detail

/// An access token and what is known of it (RFC 6749 1.4, 5.1). A handle: copying it copies a pointer.
///
/// @par Thread safety Distinct objects: safe, also when they are copies of one another. Shared objects: unsafe.
class access_token {
public:
    /// An empty token.
    access_token() noexcept = default;
    explicit access_token(std::shared_ptr<const detail::snapshot> data) noexcept : data_(std::move(data)) {}

    explicit operator bool() const noexcept { return data_ != nullptr; }
    /// The token itself. Undefined for an empty token, as are the functions below.
    const secret_string& value() const noexcept { return data_->value; }
    /// "Bearer".
    const std::string& type() const noexcept { return data_->type; }
    /// As granted; empty when neither asked for nor told.
    const std::string& scope() const noexcept { return data_->scope; }
    /// The ID token that came last on this chain; empty if there was none. Not verified.
    const secret_string& id_token() const noexcept { return data_->id_token; }
    /// By the wall clock; unset when the server named no lifetime.
    std::optional<std::chrono::system_clock::time_point> expires_at() const noexcept { return data_->expires_at; }
    /// Of the exchange or sign-in that brought this token. The refresh token a program begins with is generation 1.
    std::uint64_t generation() const noexcept { return data_->generation; }
    /// What to put into the `Authorization` field (RFC 6750 2.1).
    std::string authorization() const
    {
        std::string text = data_->type;
        text += ' ';
        text += data_->value.reveal();
        return text;
    }

private:
    std::shared_ptr<const detail::snapshot> data_;
};

} // namespace afresh
