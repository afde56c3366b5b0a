#pragma once
// When to ask again whether a user has approved a device (RFC 8628 3.4, 3.5). Pure.

#include "core/token_response.hpp"

#include <chrono>

namespace afresh::core {

class device_poll {
public:
    enum class step { ask_again, done, failed };

    // `interval` as the server said; zero: it did not.
    device_poll(std::chrono::seconds interval, std::chrono::seconds expires_in) noexcept;

    std::chrono::seconds wait() const noexcept { return interval_; }
    // Whether there is time for another request, `since` the code was made.
    bool has_time(std::chrono::seconds since) const noexcept { return since + interval_ < expires_in_; }
    // What an answer means. After failed, `cause()` says why.
    step on_answer(const token_response& answer, std::string_view error) noexcept;
    error_code cause() const noexcept { return cause_; }

private:
    step fail(error_code ec) noexcept;

    std::chrono::seconds interval_;
    std::chrono::seconds expires_in_;
    bool lost_{}; // an answer, at some time: then the code may be spent
    error_code cause_;
};

} // namespace afresh::core
