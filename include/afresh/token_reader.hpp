#pragma once
/// @file
/// The fastest way to a held token.

#include <afresh/token_source.hpp>

#include <cstdint>
#include <ctime>

namespace afresh {

/// Reads the token that a source holds, for one coroutine or thread that does so in a hot loop: no coroutine frame, no
/// reference count, no look-up.
///
/// @code
/// afresh::token_reader reader(tokens);
/// for (;;) {
///     afresh::access_token token = reader.held();
///     if (!token) token = co_await tokens.get(); // waits for one
///     use(token);
/// }
/// @endcode
///
/// @par Thread safety Distinct objects: safe. Shared objects: unsafe.
/// @par Lifetime      Keeps the source open. Holds the token it read last until it is asked again, also when the source
///                    has a newer one by then.
class AFRESH_EXPORT token_reader {
public:
    explicit token_reader(token_source tokens);

    /// The held token if it is usable now; else an empty one, and `token_source::get()` waits for one. Valid until the
    /// next call. Counts as use of the token, as `get()` does.
    const access_token& held() noexcept;

    const token_source& tokens() const noexcept { return tokens_; }

private:
    const access_token& look_closely() noexcept;

    token_source tokens_;
    detail::chain* chain_;
    access_token token_;
    std::uint64_t version_{};
    std::time_t calm_{};
};

} // namespace afresh
