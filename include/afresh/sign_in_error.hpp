#pragma once
/// @file
/// Why nobody is signed in, with the server's own words.

#include <afresh/diagnostics.hpp>
#include <afresh/error.hpp>

#include <boost/system/system_error.hpp>

#include <string>
#include <utility>

namespace afresh {

/// Thrown by discovery and by sign-ins. `code()` says what to do (see `errc`), `what()` which rule was broken, and never
/// shows a secret.
class AFRESH_EXPORT sign_in_error : public boost::system::system_error {
public:
    sign_in_error(error_code ec, const std::string& why, diagnostics said = {})
        : boost::system::system_error(ec, why), said_(std::move(said))
    {
    }
    /// What the server said; empty: nothing.
    const diagnostics& said() const noexcept { return said_; }

private:
    diagnostics said_;
};

} // namespace afresh
