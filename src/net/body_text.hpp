#pragma once
// A body as it comes over a connection. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace afresh::net {

// Room is given as it is earned: nobody gets it for an announcement. What is not taken is wiped, since half an answer may
// hold a whole token.
class body_text {
public:
    explicit body_text(std::size_t most) noexcept : most_(most) {}
    ~body_text();
    body_text(const body_text&) = delete;
    body_text& operator=(const body_text&) = delete;

    void announce(std::uint64_t length); // before anything comes
    void append(std::string_view bytes);
    std::string& text() noexcept { return text_; }
    const std::string& text() const noexcept { return text_; }

private:
    void grow(std::size_t size);

    std::string text_;
    std::size_t most_;
    std::size_t times_ = 2; // as much room as has come
};

} // namespace afresh::net
